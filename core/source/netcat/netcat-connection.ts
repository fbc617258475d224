import type { Socket } from 'node:net'
import { errorText, isSluiceError } from '../../errors.ts'
import { BatchBuilder } from '../../event/batch-builder.ts'
import { noHeaders } from '../../event/event.ts'
import type { SourceContext } from '../source.ts'
import { LineBuffer, type TextDecoding } from './line-buffer.ts'

export interface NetcatConnectionOptions {
  readonly maxLineLength: number
  readonly ackEveryEvent: boolean
  readonly encoding: string
  readonly decoding: TextDecoding
  readonly context: SourceContext
  /** Aborted when the source stops. */
  readonly signal: AbortSignal
}

/**
 * One peer of a netcat source. The lines of one read are one batch and one put; while it is under way the socket is not
 * read, which is the back-pressure. Each stored line is answered with `OK`.
 */
export class NetcatConnection {
  readonly peer: string
  readonly since: number
  events = 0
  bytes = 0
  readonly #socket: Socket
  readonly #options: NetcatConnectionOptions
  readonly #lines: LineBuffer

  constructor(socket: Socket, options: NetcatConnectionOptions) {
    this.#socket = socket
    this.#options = options
    this.#lines = new LineBuffer(options.maxLineLength, options.decoding)
    this.peer = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`
    this.since = options.context.clock.now()
  }

  /** Reads until the peer ends, breaks a rule, or the source stops; never rejects. */
  async serve(): Promise<void> {
    const { context, maxLineLength } = this.#options
    try {
      // Iterating reads the next chunk only when the last one is done with.
      for await (const chunk of this.#socket) {
        const { bodies, tooLong } = this.#lines.add(chunk as Buffer)
        await this.#put(bodies)
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
    } catch (error) {
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
    const { context, signal, ackEveryEvent } = this.#options
    const { channels, counters } = context
    const most = 1000
    for (let from = 0; from < bodies.length; from += most) {
      const part = bodies.slice(from, from + most)
      const builder = new BatchBuilder()
      builder.shareHeaders(channels.prepareHeaders(noHeaders))
      for (const body of part) builder.addBody(body)
      const batch = builder.finish()
      const size = batch.bytes.length
      counters.eventReceivedCount += part.length
      await channels.putPatiently(batch, { prepared: true, exclusive: true, signal })
      counters.eventAcceptedCount += part.length
      counters.bytesAccepted += size
      this.events += part.length
      this.bytes += size
      if (ackEveryEvent) this.#answer('OK\n'.repeat(part.length))
    }
  }

  #answer(text: string): void {
    if (!this.#socket.writable) return
    const utf16 = /^utf-?16/i.test(this.#options.encoding)
    this.#socket.write(utf16 ? Buffer.from(text, 'utf16le') : text)
  }

  close(): void {
    this.#socket.destroy()
  }
}
