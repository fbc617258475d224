import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { errorText, SluiceError } from '../../errors.ts'
import { BatchBuilder } from '../../event/batch-builder.ts'
import { noHeaders } from '../../event/event.ts'
import type { Source, SourceContext, SourceDetail } from '../source.ts'

export interface NetcatUdpSettings {
  readonly bind: string
  readonly port: number
  readonly remoteAddress?: string | undefined
}

const newline = 10
const mostEvents = 100
const mostWaitingBytes = 16 * 1024 * 1024
/** What a waiting datagram takes beside its bytes, so that empty ones are bounded too. */
const overhead = 128
/** Senders that are remembered; the one that came first goes first. */
const mostPeers = 200

/** Listens on a UDP port. Nobody can be told to wait, so datagrams queue in memory while a put is under way. */
export class NetcatUdpSource implements Source {
  readonly #settings: NetcatUdpSettings
  readonly #context: SourceContext
  #waiting: { body: Buffer; from: string }[] = []
  #waitingBytes = 0
  #dropped = 0
  #dropping = false
  /** By address: a sender's port may be another with each datagram. */
  readonly #peers = new Map<string, { peer: string; since: number; events: number; bytes: number }>()
  #socket: Socket | undefined
  #stopping = new AbortController()
  #putting: Promise<void> | undefined

  constructor(settings: NetcatUdpSettings, context: SourceContext) {
    this.#settings = settings
    this.#context = context
  }

  async start(): Promise<void> {
    const { bind, port } = this.#settings
    this.#stopping = new AbortController()
    const socket = createSocket({ type: isIPv6(bind) ? 'udp6' : 'udp4', recvBufferSize: 4 * 1024 * 1024 })
    socket.on('message', (bytes, peer) => this.#receive(bytes, peer))
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close()
        const message = `cannot listen on UDP ${bind}:${port}: ${errorText(error)}`
        reject(new SluiceError('SLUICE_LISTEN', message, { cause: error, details: { address: bind, port } }))
      })
      socket.bind(port, bind, resolve)
    })
    socket.removeAllListeners('error')
    socket.on('error', (error) => this.#context.reportFailure(error))
    this.#socket = socket
    this.#context.log.info({ address: bind, port: this.port }, `listening on UDP ${bind}:${this.port}`)
  }

  /** The port it listens on: the one the system chose when the configuration says 0. */
  get port(): number {
    return this.#socket?.address().port ?? this.#settings.port
  }

  async stop(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    this.#stopping.abort()
    if (socket) await new Promise<void>((resolve) => socket.close(resolve))
    await this.#putting
  }

  inspect(): SourceDetail {
    const note = this.#dropped === 0 ? '' : `${this.#dropped} datagrams dropped while the channel was full`
    const row = { address: this.#settings.bind, port: this.port, protocol: 'netcatudp' }
    return { ports: [{ ...row, connections: [...this.#peers.values()], refused: this.#dropped, note }] }
  }

  #receive(bytes: Buffer, peer: RemoteInfo): void {
    const { counters } = this.#context
    counters.eventReceivedCount++
    this.#count(peer.address, bytes.length)
    if (this.#waitingBytes + bytes.length + overhead > mostWaitingBytes) {
      this.#dropped++
      counters.channelWriteFail++
      // Once for each time the queue fills, not for each datagram.
      if (!this.#dropping)
        this.#context.reportEvent('SLUICE_CHANNEL_FULL', 'the channel is full: UDP datagrams are being dropped')
      this.#dropping = true
      return
    }
    const end = bytes.indexOf(newline)
    const body = end < 0 ? bytes : Buffer.from(bytes.subarray(0, end))
    this.#waiting.push({ body, from: `/${peer.address}:${peer.port}` })
    this.#waitingBytes += body.length + overhead
    this.#putting ??= this.#put()
      .catch((error: unknown) => {
        if (!this.#stopping.signal.aborted) this.#context.reportFailure(error)
      })
      .finally(() => (this.#putting = undefined))
  }

  #count(address: string, bytes: number): void {
    let peer = this.#peers.get(address)
    if (peer === undefined) {
      const [oldest] = this.#peers.keys()
      if (this.#peers.size >= mostPeers && oldest !== undefined) this.#peers.delete(oldest)
      peer = { peer: address, since: this.#context.clock.now(), events: 0, bytes: 0 }
      this.#peers.set(address, peer)
    }
    peer.events++
    peer.bytes += bytes
  }

  async #put(): Promise<void> {
    const { channels, counters } = this.#context
    const { signal } = this.#stopping
    const header = this.#settings.remoteAddress
    // What arrives in the same turn goes into one batch.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const part = this.#waiting.slice(0, mostEvents)
      const builder = new BatchBuilder()
      if (header === undefined) builder.shareHeaders(channels.prepareHeaders(noHeaders))
      for (const { body, from } of part)
        if (header === undefined) builder.addBody(body)
        else builder.addEvent(new Map([[header, from]]), body)
      const batch = builder.finish()
      const size = batch.bytes.length
      await channels.putPatiently(batch, { prepared: header === undefined, exclusive: true, signal })
      // Taken out only now: what a failed put held is put again after the next start.
      this.#waiting.splice(0, part.length)
      for (const { body } of part) this.#waitingBytes -= body.length + overhead
      this.#dropping = false
      counters.eventAcceptedCount += part.length
      counters.bytesAccepted += size
    }
  }
}
