import type { Duplex } from 'node:stream'
import type { BatchIdentity } from '../channel/channel.ts'
import type { Clock } from '../clock.ts'
import type { Batch } from '../event/batch.ts'
import { SluiceError, errorText, isSluiceError, systemCode } from '../errors.ts'
import { type Answer, encodeAppendBatch, encodePing, readAnswer } from './call.ts'
import { type Frame, FrameReader } from './frame-reader.ts'
import { encodeHandshakeRequest } from './handshake.ts'
import { flumeHash, isKnownHash, ownHash, protocolText, sluiceMetaKey, sluiceMetaVersion } from './protocol.ts'

export interface ClientConnectionOptions {
  readonly clock: Clock
  /** Milliseconds from writing a call to its answer. */
  readonly requestTimeout: number
}

interface Call {
  readonly deadline: number
  resolve(frame: Frame): void
  reject(error: SluiceError): void
}

/** Answers are small: a handshake with a protocol document, a status, or an error's text. */
const answerLimits = { maxFrameSize: 1024 * 1024, maxBuffers: 1024 }

/**
 * The sending end of one Avro connection. Any failure (a broken stream, a late or senseless answer, a status other
 * than OK) ends the connection and rejects every call under way, because what comes behind would be out of order.
 */
export class ClientConnection {
  readonly peer: string
  readonly #stream: Duplex
  readonly #options: ClientConnectionOptions
  readonly #reader: FrameReader
  readonly #calls = new Map<number, Call>()
  readonly #closing = new AbortController()
  #serial = 0
  #watching = false
  #failure: SluiceError | undefined
  #peerIsSluice = false
  #onClosed: (() => void) | undefined

  constructor(stream: Duplex, peer: string, options: ClientConnectionOptions) {
    this.#stream = stream
    this.peer = peer
    this.#options = options
    this.#reader = new FrameReader(answerLimits, (frame) => this.#onFrame(frame))
    stream.on('data', (chunk: Buffer) => {
      try {
        this.#reader.push(chunk)
      } catch (error) {
        this.destroy(isSluiceError(error) ? error.code : 'SLUICE_FRAME', errorText(error), error)
      }
    })
    stream.on('error', (error) => this.destroy(streamErrorCode(error), errorText(error), error))
    stream.on('end', () => this.destroy('SLUICE_PEER', 'the peer ended the connection'))
    stream.on('close', () => this.destroy('SLUICE_PEER', 'the connection was closed'))
  }

  /** Why the connection ended; undefined while it lives. */
  get failure(): SluiceError | undefined {
    return this.#failure
  }

  /** Known after `handshake`: the receiver keeps the order of overlapping calls and drops repeats by identity. */
  get peerIsSluice(): boolean {
    return this.#peerIsSluice
  }

  get callsUnderWay(): number {
    return this.#calls.size
  }

  /** Called once, when the connection has ended for whatever reason. */
  onClosed(listener: () => void): void {
    if (this.#failure) listener()
    else this.#onClosed = listener
  }

  /** The first exchange, with a call that does nothing (flume.md §3.1.4, "ping"). Rejects when the peer is no Flume. */
  async handshake(): Promise<void> {
    const meta = new Map([[sluiceMetaKey, sluiceMetaVersion]])
    const first = await this.#shake({ clientHash: flumeHash, clientProtocol: undefined, serverHash: flumeHash, meta })
    if (first.handshake?.match !== 'NONE') {
      this.#shaken(first)
      return
    }
    const serverHash = first.handshake.serverHash ?? flumeHash
    const second = await this.#shake({ clientHash: ownHash, clientProtocol: protocolText, serverHash, meta })
    if (second.handshake?.match === 'NONE')
      throw this.destroy('SLUICE_PEER', 'the peer does not accept the protocol of Flume events')
    this.#shaken(second)
  }

  /** Sends the events of all batches in one call. Resolves on status OK; rejects with `SLUICE_DELIVERY`. */
  async appendBatch(batches: readonly Batch[], identity?: BatchIdentity): Promise<void> {
    const serial = this.#nextSerial()
    const pieces = encodeAppendBatch(serial, batches, identity)
    const frame = await this.#send(serial, pieces)
    const { result } = this.#read(frame, false)
    if (result !== undefined && 'status' in result && result.status === 'OK') return
    throw this.destroy(
      'SLUICE_DELIVERY',
      result === undefined
        ? 'the answer has no result'
        : 'error' in result
          ? `the peer answered with an error: ${result.error}`
          : `the peer answered ${result.status}: its channel is full or it cannot store events now`,
    )
  }

  /** Ends the connection when the peer has everything that was written. */
  close(): void {
    this.#stream.end(() => this.#stream.destroy())
    this.destroy('SLUICE_ABORTED', 'the connection was closed by this side', undefined, true)
  }

  /** Ends the connection; rejects what is under way. Returns the reason, the first one when there are several. */
  destroy(code: SluiceError['code'], reason: string, cause?: unknown, gently = false): SluiceError {
    if (this.#failure) return this.#failure
    const failure = new SluiceError(code === 'SLUICE_FRAME' ? 'SLUICE_PEER' : code, `${this.peer}: ${reason}`, {
      cause,
      details: { peer: this.peer },
    })
    this.#failure = failure
    this.#closing.abort()
    this.#reader.close()
    if (!gently) this.#stream.destroy()
    for (const call of this.#calls.values()) call.reject(failure)
    this.#calls.clear()
    this.#onClosed?.()
    return failure
  }

  async #shake(request: Parameters<typeof encodeHandshakeRequest>[0]): Promise<Answer> {
    const serial = this.#nextSerial()
    const frame = await this.#send(serial, [encodePing(serial, encodeHandshakeRequest(request))])
    return this.#read(frame, true)
  }

  #shaken({ handshake }: Answer): void {
    const known = handshake?.serverHash === undefined || isKnownHash(handshake.serverHash)
    this.#peerIsSluice = known && handshake?.meta?.has(sluiceMetaKey) === true
  }

  #nextSerial(): number {
    // The serial is a signed 32-bit number; it starts over long before a call could still be under way.
    this.#serial = this.#serial === 0x7fffffff ? 1 : this.#serial + 1
    return this.#serial
  }

  #send(serial: number, pieces: readonly Buffer[]): Promise<Frame> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure)
        return
      }
      const deadline = this.#options.clock.monotonic() + this.#options.requestTimeout
      this.#calls.set(serial, { deadline, resolve, reject })
      this.#stream.cork()
      for (const piece of pieces) this.#stream.write(piece)
      this.#stream.uncork()
      if (!this.#watching) void this.#watch()
    })
  }

  #read(frame: Frame, withHandshake: boolean): Answer {
    try {
      return readAnswer(frame.bytes, withHandshake)
    } catch (error) {
      throw this.destroy('SLUICE_PEER', `senseless answer: ${errorText(error)}`, error)
    }
  }

  #onFrame(frame: Frame): void {
    const call = this.#calls.get(frame.serial)
    if (call === undefined) {
      this.destroy('SLUICE_PEER', `answer to call ${frame.serial}, which is not under way`)
      return
    }
    this.#calls.delete(frame.serial)
    call.resolve(frame)
  }

  /** One timer a connection: sleeps until the oldest call is due, then looks again. */
  async #watch(): Promise<void> {
    this.#watching = true
    for (;;) {
      const [oldest] = this.#calls.values()
      if (oldest === undefined || this.#failure) break
      const left = oldest.deadline - this.#options.clock.monotonic()
      if (left <= 0) {
        this.destroy('SLUICE_TIMEOUT', `no answer within ${this.#options.requestTimeout} ms`)
        break
      }
      await this.#options.clock.sleep(left, this.#closing.signal)
    }
    this.#watching = false
  }
}

/** With TLS 1.3 a server tells only after the handshake that it does not like our certificate. */
function streamErrorCode(error: Error): SluiceError['code'] {
  return systemCode(error)?.startsWith('ERR_SSL_') === true ? 'SLUICE_TLS' : 'SLUICE_PEER'
}
