import type { Socket } from 'node:net'
import { errorText, isSluiceError, SluiceError } from '../../errors.ts'
import { BatchBuilder } from '../../event/batch-builder.ts'
import { noHeaders } from '../../event/event.ts'
import type { HeldConnection } from '../../spare-connection.ts'
import type { SourceContext } from '../source.ts'
import { LineBuffer, type TextDecoding } from './line-buffer.ts'

export interface NetcatConnectionOptions {
  readonly maxLineLength: number
  readonly ackEveryEvent: boolean
  readonly encoding: string
  readonly answerTimeout: number
  readonly decoding: TextDecoding
  readonly context: SourceContext
  /** Aborted when the source stops. */
  readonly signal: AbortSignal
}

/** Lines of one put. */
const mostLines = 1000
/** Unread answers, in bytes, from which on no more lines are read. */
const mostUnreadAnswers = 64 * 1024

/**
 * One peer of a netcat source. The lines of one read, a thousand at most, are one batch and one put; while it is under way the socket is not
 * read, which is the back-pressure. Each stored line is answered with `OK`; who does not read that is not read either.
 */
export class NetcatConnection implements HeldConnection {
  readonly peer: string
  readonly since: number
  events = 0
  bytes = 0
  proven = false
  idleSince: number | undefined
  readonly #socket: Socket
  readonly #options: NetcatConnectionOptions
  readonly #lines: LineBuffer

  constructor(socket: Socket, options: NetcatConnectionOptions) {
    this.#socket = socket
    this.#options = options
    this.#lines = new LineBuffer(options.maxLineLength, options.decoding)
    this.peer = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`
    this.since = options.context.clock.now()
    this.idleSince = options.context.clock.monotonic()
  }

  /** Reads until the peer ends, breaks a rule, or the source stops; never rejects. */
  async serve(): Promise<void> {
    const { context, maxLineLength } = this.#options
    try {
      // Iterating reads the next chunk only when the last one is done with.
      for await (const chunk of this.#socket) {
        let { bodies, tooLong } = this.#lines.add(chunk as Buffer, mostLines)
        await this.#put(bodies)
        while (bodies.length === mostLines && !tooLong) {
          ;({ bodies, tooLong } = this.#lines.next(mostLines))
          await this.#put(bodies)
        }
        await this.#answersRead(mostUnreadAnswers)
        if (tooLong) {
          context.counters.eventReadFail++
          context.reportEvent('SLUICE_REFUSED', `${this.peer} sent a line of more than ${maxLineLength} characters`)
          this.#answer(`FAILED: Event exceeds the maximum length (${maxLineLength} chars, including newline)\n`)
          break
        }
      }
      const last = this.#lines.end()
      if (last && last.length < maxLineLength && !this.#options.signal.aborted) await this.#put([last])
      this.#socket.end()
      await this.#answersRead(0)
    } catch (error) {
      if (isSluiceError(error, 'SLUICE_TIMEOUT')) {
        context.log.info({ peer: this.peer, code: error.code }, errorText(error))
        this.#socket.destroy()
        return
      }
      // A peer that resets its connection is no fault of ours; what it sent whole is stored.
      if (isSluiceError(error) && !this.#options.signal.aborted) {
        context.counters.channelWriteFail++
        this.#answer(`FAILED: ${errorText(error)}\n`)
        context.log.warn({ peer: this.peer, code: error.code }, errorText(error))
      }
      this.#socket.destroySoon()
    }
  }

  async #put(bodies: readonly Buffer[]): Promise<void> {
    if (bodies.length === 0) return
    const { clock } = this.#options.context
    this.proven = true
    this.idleSince = undefined
    try {
      await this.#store(bodies)
    } finally {
      this.idleSince = clock.monotonic()
    }
  }

  async #store(bodies: readonly Buffer[]): Promise<void> {
    const { context, signal, ackEveryEvent } = this.#options
    const { channels, counters } = context
    const builder = new BatchBuilder()
    builder.shareHeaders(channels.prepareHeaders(noHeaders))
    for (const body of bodies) builder.addBody(body)
    const batch = builder.finish()
    const size = batch.bytes.length
    const { length: count } = bodies
    counters.eventReceivedCount += count
    await channels.putPatiently(batch, { prepared: true, exclusive: true, signal })
    counters.eventAcceptedCount += count
    counters.bytesAccepted += size
    this.events += count
    this.bytes += size
    if (ackEveryEvent) this.#answer('OK\n'.repeat(count))
  }

  #answer(text: string): void {
    if (!this.#socket.writable) return
    const utf16 = /^utf-?16/i.test(this.#options.encoding)
    this.#socket.write(utf16 ? Buffer.from(text, 'utf16le') : text)
  }

  /** Waits until at most so many bytes of answers are unread. Rejects with `SLUICE_TIMEOUT`. */
  async #answersRead(most: number): Promise<void> {
    const socket = this.#socket
    if (socket.writableLength <= most || socket.destroyed) return
    const { answerTimeout, context, signal } = this.#options
    const over = new AbortController()
    const read = () => over.abort()
    const events = ['drain', 'finish', 'close']
    for (const event of events) socket.once(event, read)
    await context.clock.sleep(answerTimeout, AbortSignal.any([over.signal, signal]))
    for (const event of events) socket.off(event, read)
    if (!over.signal.aborted && !signal.aborted)
      throw new SluiceError('SLUICE_TIMEOUT', `${this.peer} did not read its answers for ${answerTimeout} ms`)
  }

  close(): void {
    this.#socket.destroy()
  }
}
