import type { Duplex } from 'node:stream'
import type { BatchIdentity } from '../channel/channel.ts'
import type { Clock } from '../clock.ts'
import type { ReceiveBudget, ReceiveShare } from '../receive-budget.ts'
import type { HeldConnection } from '../spare-connection.ts'
import { AvroCursor } from '../event/avro-bytes.ts'
import type { Batch } from '../event/batch.ts'
import { SluiceError, errorText, isSluiceError } from '../errors.ts'
import { decodeIdentity } from './batch-identity.ts'
import { encodeAnswer, encodeCallError, encodeHandshakeOnly, encodeStatus } from './call.ts'
import { readEventArray, readSingleEvent } from './event-array.ts'
import type { ForeignProtocol } from './foreign-protocol.ts'
import { type Frame, type FrameLimits, FrameReader } from './frame-reader.ts'
import { encodeHandshakeResponse, type HandshakeRequest, readHandshakeRequest, readMeta } from './handshake.ts'
import {
  batchMetaKey,
  isKnownHash,
  type Method,
  methods,
  ownHash,
  protocolText,
  sluiceMetaKey,
  sluiceMetaVersion,
  type Status,
} from './protocol.ts'

/** What to do with calls. Rejecting answers the call with an Avro error; the connection goes on. */
export interface CallHandler {
  /** The events of one call. Calls of a connection come in order and may overlap; `connection` tells them apart. */
  call(
    method: Method,
    batch: Batch,
    identity: BatchIdentity | undefined,
    connection: ServerConnection,
  ): Promise<Status> | Status
  /** The bytes of a call that could not be read; the client is told so. */
  undecodable(connection: ServerConnection, error: unknown): void
}

export interface ServerConnectionOptions {
  readonly limits: FrameLimits
  /** Of all connections of the port. */
  readonly unfinished: ReceiveBudget
  readonly clock: Clock
  /** Calls under way before no more are read. */
  readonly maxPending: number
  /** Bytes of calls under way before no more are read. */
  readonly maxPendingBytes: number
  /** Reads the protocol document of a client whose hash is not known. */
  readonly readProtocol: (text: string) => ForeignProtocol
}

const noBytes = Buffer.alloc(0)
const okAnswer = encodeStatus('OK')
/** Calls in a row that cannot be read, after which the connection ends. */
const mostUnreadable = 100
/** Milliseconds of silence that a byte within a frame makes good: a frame must come at a kilobyte a second at least. */
const patiencePerByte = 1
/** Unread answers, in bytes, from which on no more calls are read. */
const mostUnreadAnswers = 64 * 1024

interface Pending {
  readonly serial: number
  readonly handshake: Buffer
  answer: Buffer | undefined
}

/** One client of an Avro server: handshake, calls, answers in the order of the calls. */
export class ServerConnection implements HeldConnection {
  readonly peer: string
  readonly since: number
  events = 0
  bytes = 0
  readonly #stream: Duplex
  readonly #handler: CallHandler
  readonly #options: ServerConnectionOptions
  readonly #reader: FrameReader
  readonly #onClosed: (reason: SluiceError | undefined) => void
  readonly #pending: Pending[] = []
  #pendingBytes = 0
  #share: ReceiveShare | undefined
  #shaken = false
  #unreadable = 0
  #foreign: ForeignProtocol | undefined
  #held = false
  #ended = false
  #closed = false
  /** Monotonic milliseconds of the last sign of life; a connection that we hold ourselves is alive. */
  #heardAt: number
  /** Monotonic milliseconds of the last answer, until somebody has asked whether it was acknowledged. */
  #answeredAt: number | undefined

  /** `stream` carries frames in the clear. `onClosed` is called once, with the reason when it was not the peer's end. */
  constructor(
    stream: Duplex,
    peer: string,
    handler: CallHandler,
    options: ServerConnectionOptions,
    onClosed: (reason: SluiceError | undefined) => void,
  ) {
    this.#stream = stream
    this.peer = peer
    this.since = options.clock.now()
    this.#heardAt = options.clock.monotonic()
    this.#handler = handler
    this.#options = options
    this.#onClosed = onClosed
    this.#reader = new FrameReader(options.limits, (frame) => this.#onFrame(frame))
    stream.on('data', (chunk: Buffer) => this.#onData(chunk))
    stream.on('drain', () => this.#balance())
    stream.on('end', () => this.#onEnd())
    stream.on('error', (error) => this.#close(this.#failure('SLUICE_PEER', errorText(error), error)))
    stream.on('close', () => this.#close(undefined))
  }

  get proven(): boolean {
    return this.#shaken
  }

  get idleSince(): number | undefined {
    const waits = (this.#held || this.#pending.length > 0) && !this.#deaf
    return waits ? undefined : this.#heardAt
  }

  get #deaf(): boolean {
    return this.#stream.writableLength > mostUnreadAnswers
  }

  /**
   * Ends a connection that has not completed its first frame, is silent or drips in the middle of one, or does not read
   * its answers, for `milliseconds`. A connection between frames may be silent for ever.
   */
  closeIfStalled(milliseconds: number): void {
    const deaf = this.#deaf
    const resting = this.#held || this.#pending.length > 0 || (this.#shaken && !this.#reader.midFrame)
    if (resting && !deaf) return
    if (this.#options.clock.monotonic() - this.#heardAt < milliseconds) return
    const doing = deaf
      ? 'while answers wait for it'
      : this.#shaken
        ? 'in the middle of a frame'
        : 'without a first call'
    this.#close(this.#failure('SLUICE_TIMEOUT', `silent for ${milliseconds} ms ${doing}`))
  }

  /** True once for each last answer that left `milliseconds` ago: time to ask whether the peer's system has it. */
  provesAnswer(milliseconds: number): boolean {
    if (this.#answeredAt === undefined || this.#options.clock.monotonic() - this.#answeredAt < milliseconds)
      return false
    this.#answeredAt = undefined
    return true
  }

  /** Ends a connection whose peer does not have the answer that `provesAnswer` meant; not when there is a newer one. */
  closeUnacknowledged(milliseconds: number): void {
    if (this.#answeredAt !== undefined) return
    const reason = `nobody has acknowledged an answer for ${milliseconds} ms: its machine or network is gone`
    this.#close(this.#failure('SLUICE_PEER', reason))
  }

  /** Answers what is under way, then ends; at once when nothing is. */
  end(): void {
    this.#ended = true
    this.#reader.close()
    // What still comes in is read and thrown away: the peer sends it again elsewhere, and its own end must be seen.
    this.#stream.resume()
    this.#flush()
  }

  destroy(): void {
    this.#close(undefined)
  }

  #onData(chunk: Buffer): void {
    if (this.#closed || this.#ended) return
    // Until the first frame is complete only connecting counts, so that a slow drip does not keep a place.
    if (this.#shaken) {
      const now = this.#options.clock.monotonic()
      this.#heardAt = this.#reader.midFrame ? Math.min(now, this.#heardAt + chunk.length * patiencePerByte) : now
    }
    // A chunk may hold thousands of small calls: their answers leave together, not with a system call each.
    this.#stream.cork()
    try {
      this.#reader.push(chunk)
    } catch (error) {
      this.#refuse(error)
    }
    this.#stream.uncork()
    this.#account()
    this.#balance()
  }

  /** What is unfinished counts among that of all connections. */
  #account(): void {
    const { unfinished } = this.#reader
    if (unfinished === 0 || this.#closed) return
    this.#share ??= this.#options.unfinished.open(() =>
      this.#close(
        this.#failure('SLUICE_FRAME', 'too much is unfinished on all connections, and its frame for longest'),
      ),
    )
    this.#share.hold(unfinished)
  }

  #finished(): void {
    this.#share?.close()
    this.#share = undefined
  }

  #onEnd(): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#reader.midFrame) {
      this.#close(this.#shaken ? this.#failure('SLUICE_PEER', 'it ended in the middle of a frame') : undefined)
      return
    }
    this.#flush()
  }

  #onFrame({ serial, bytes, memory }: Frame): void {
    this.#finished()
    const cursor = new AvroCursor(bytes)
    const handshake = this.#shaken ? noBytes : this.#shake(serial, cursor)
    if (handshake === undefined) return
    const pending: Pending = { serial, handshake, answer: undefined }
    this.#pending.push(pending)
    this.#heardAt = this.#options.clock.monotonic()
    let running: Promise<Status> | Status
    try {
      const meta = readMeta(cursor)
      const name = cursor.text()
      if (name === '') {
        this.#answer(pending, noBytes)
        return
      }
      const method = methods.find((known) => known === name)
      if (method === undefined || (this.#foreign !== undefined && !this.#foreign.has(method))) {
        this.#answer(pending, encodeCallError(`org.apache.avro.AvroRuntimeException: No such remote message: ${name}`))
        return
      }
      const identity = meta.get(batchMetaKey)
      const batch =
        this.#foreign !== undefined && !this.#foreign.sameBytes(method)
          ? this.#foreign.resolve(method, bytes, cursor.at)
          : (method === 'append' ? readSingleEvent : readEventArray)(bytes, cursor.at, cursor.end, memory)
      this.events += batch.count
      this.bytes += bytes.length
      running = this.#handler.call(method, batch, identity && decodeIdentity(identity), this)
    } catch (error) {
      this.#handler.undecodable(this, error)
      this.#answer(pending, encodeCallError(describe(error)))
      // One such call may be a mistake, many in a row are no client.
      if (++this.#unreadable === mostUnreadable)
        this.#close(this.#failure('SLUICE_FRAME', `${mostUnreadable} calls in a row that cannot be read`))
      return
    }
    this.#unreadable = 0
    if (typeof running === 'string') {
      this.#answer(pending, encodeStatus(running))
      return
    }
    const size = bytes.length
    this.#pendingBytes += size
    if (this.#overWindow()) this.#hold()
    running.then(
      (status) => this.#settle(pending, size, status === 'OK' ? okAnswer : encodeStatus(status)),
      (error: unknown) => this.#settle(pending, size, encodeCallError(describe(error))),
    )
  }

  /** The handshake to answer with; undefined when the call is not to be executed. */
  #shake(serial: number, cursor: AvroCursor): Buffer | undefined {
    const request = readHandshakeRequest(cursor)
    const known = isKnownHash(request.clientHash)
    if (!known && request.clientProtocol === undefined) {
      const answer = encodeHandshakeResponse({
        match: 'NONE',
        serverProtocol: protocolText,
        serverHash: ownHash,
        meta: undefined,
      })
      this.#stream.write(encodeHandshakeOnly(serial, answer))
      return undefined
    }
    if (!known && request.clientProtocol !== undefined)
      this.#foreign = this.#options.readProtocol(request.clientProtocol)
    this.#shaken = true
    return answerHandshake(request)
  }

  #settle(pending: Pending, size: number, result: Buffer): void {
    this.#pendingBytes -= size
    this.#answer(pending, result)
    this.#balance()
  }

  #answer(pending: Pending, result: Buffer): void {
    pending.answer =
      result.length === 0
        ? encodeHandshakeOnly(pending.serial, pending.handshake)
        : encodeAnswer(pending.serial, pending.handshake, result)
    this.#flush()
  }

  /** Writes the answers that are due, in the order of the calls. */
  #flush(): void {
    if (this.#closed) return
    let due = 0
    while (this.#pending[due]?.answer !== undefined) due++
    if (due > 0) {
      this.#answeredAt = this.#options.clock.monotonic()
      const answers = this.#pending.splice(0, due)
      this.#stream.write(due === 1 ? answers[0]!.answer! : Buffer.concat(answers.map(({ answer }) => answer!)))
    }
    if (this.#ended && this.#pending.length === 0 && !this.#stream.writableEnded) this.#stream.end()
  }

  #overWindow(): boolean {
    return (
      this.#pending.length >= this.#options.maxPending ||
      this.#pendingBytes >= this.#options.maxPendingBytes ||
      this.#stream.writableLength > mostUnreadAnswers
    )
  }

  #hold(): void {
    if (this.#held) return
    this.#held = true
    this.#reader.hold()
    this.#stream.pause()
  }

  /** Reads on or stops reading, as the window says. */
  #balance(): void {
    if (this.#closed || this.#ended) return
    if (this.#overWindow()) {
      this.#hold()
      return
    }
    if (!this.#held) return
    this.#held = false
    this.#heardAt = this.#options.clock.monotonic()
    try {
      this.#reader.resume()
    } catch (error) {
      this.#refuse(error)
      return
    }
    // Frames that were waiting in the reader may have filled the window again.
    if (!this.#overWindow()) this.#stream.resume()
  }

  #refuse(error: unknown): void {
    const code = isSluiceError(error) ? error.code : 'SLUICE_FRAME'
    this.#close(this.#failure(code === 'SLUICE_EVENT_FORMAT' ? 'SLUICE_FRAME' : code, errorText(error), error))
  }

  #failure(code: SluiceError['code'], reason: string, cause?: unknown): SluiceError {
    return new SluiceError(code, `${this.peer}: ${reason}`, { cause, details: { peer: this.peer } })
  }

  #close(reason: SluiceError | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#finished()
    this.#reader.close()
    this.#stream.destroy()
    this.#onClosed(reason)
  }
}

function answerHandshake(request: HandshakeRequest): Buffer {
  const right = isKnownHash(request.serverHash)
  return encodeHandshakeResponse({
    match: right ? 'BOTH' : 'CLIENT',
    serverProtocol: right ? undefined : protocolText,
    serverHash: right ? undefined : ownHash,
    // Only a Sluice says the key and only a Sluice is answered it: Flume gets the very bytes that Flume sends.
    meta: request.meta?.has(sluiceMetaKey) ? new Map([[sluiceMetaKey, sluiceMetaVersion]]) : undefined,
  })
}

function describe(error: unknown): string {
  return isSluiceError(error) ? `${error.code}: ${error.message}` : errorText(error)
}
