import type { Clock } from '../../clock.ts'
import { errorText, isSluiceError } from '../../errors.ts'
import { Batch } from '../../event/batch.ts'
import type { SourceContext } from '../source.ts'
import { type Mark } from './mark.ts'
import { PutBudget } from './put-budget.ts'
import { encodeState } from './stored-position.ts'
import type { Stream } from './stream.ts'

/** What one stream may have on its way at a time; reading goes on meanwhile. */
const mostPutsOfStream = 16
const mostBytesOfStream = 6 * 1024 * 1024

/** Puts the batches of streams with their positions, several at a time, and takes a stream back when one fails. */
export class StreamFeed {
  readonly #context: Pick<SourceContext, 'channels' | 'counters' | 'log' | 'reportEvent'>
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #ready: (stream: Stream) => void
  readonly #tooLarge: () => void
  readonly #retryMilliseconds: number
  readonly budget = new PutBudget(64, 24 * 1024 * 1024)
  readonly #outstanding = new Set<Promise<void>>()

  /**
   * `ready` is called when a stream that waited for its puts can be read on; `tooLarge` when a channel cannot take
   * batches of this size at all.
   */
  constructor(
    context: Pick<SourceContext, 'channels' | 'counters' | 'log' | 'reportEvent' | 'clock'>,
    options: { signal: AbortSignal; ready: (stream: Stream) => void; tooLarge: () => void; retryMilliseconds: number },
  ) {
    this.#context = context
    this.#clock = context.clock
    this.#signal = options.signal
    this.#ready = options.ready
    this.#tooLarge = options.tooLarge
    this.#retryMilliseconds = options.retryMilliseconds
  }

  /** False when the stream has as much on its way as it may have. */
  put(stream: Stream, batch: Batch, mark: Mark, prepared: boolean): boolean {
    const bytes = batch.bytes.length
    stream.putsInFlight++
    stream.bytesInFlight += bytes
    this.budget.take(bytes)
    const { counters } = this.#context
    counters.eventReceivedCount += batch.count
    counters.appendBatchReceivedCount++
    const put = this.#put(stream, batch, mark, prepared).finally(() => {
      this.#outstanding.delete(put)
      stream.putsInFlight--
      stream.bytesInFlight -= bytes
      this.budget.give(bytes)
      if (stream.broken) this.#takeBack(stream)
      else if (stream.blocked && !this.#full(stream)) this.#unblock(stream)
    })
    this.#outstanding.add(put)
    if (!this.#full(stream)) return true
    stream.blocked = true
    return false
  }

  /** Moves the stored position to where the stream was read to, without an event. */
  move(stream: Stream): void {
    // Each put has a batch of its own: channels know a repeated one by its identity.
    this.put(stream, new Batch(Buffer.alloc(0), 0), stream.read, true)
  }

  /** Resolves when nothing is on its way any more. */
  async settled(): Promise<void> {
    while (this.#outstanding.size > 0) await Promise.allSettled([...this.#outstanding])
  }

  #full(stream: Stream): boolean {
    return stream.putsInFlight >= mostPutsOfStream || stream.bytesInFlight >= mostBytesOfStream
  }

  #unblock(stream: Stream): void {
    stream.blocked = false
    this.#ready(stream)
  }

  async #put(stream: Stream, batch: Batch, mark: Mark, prepared: boolean): Promise<void> {
    const { channels, counters, log, reportEvent } = this.#context
    // The channel may recycle the batch, so what is asked of it later is taken now.
    const { count } = batch
    const bytes = batch.bytes.length
    const { lane } = stream
    try {
      await channels.putPatiently(batch, {
        position: { key: stream.key, offset: mark.offset, state: encodeState(stream, mark) },
        lane,
        signal: this.#signal,
        exclusive: true,
        prepared,
      })
      if (mark.offset > stream.confirmed.offset) stream.confirmed = mark
      counters.eventAcceptedCount += count
      counters.appendBatchAcceptedCount++
      counters.bytesAccepted += bytes
    } catch (error) {
      const alreadyFailed = stream.broken
      stream.broken = true
      if (this.#signal.aborted) return
      // The first failure of a lane says why; those behind it only follow.
      if (alreadyFailed) return
      counters.channelWriteFail++
      log.warn({ path: stream.path, err: error }, 'a batch did not come into the channel; it is read again')
      stream.note = `not taken by the channel: ${errorText(error)}`
      if (isSluiceError(error, 'SLUICE_BATCH_TOO_LARGE')) {
        reportEvent('SLUICE_BATCH_TOO_LARGE', `${stream.path}: ${errorText(error)}`)
        this.#tooLarge()
      }
    }
  }

  #takeBack(stream: Stream): void {
    if (stream.putsInFlight > 0 || this.#signal.aborted) return
    stream.blocked = true
    void this.#clock.sleep(this.#retryMilliseconds, this.#signal).then(async () => {
      // A reader that is still at it sees that it is broken and lets go of it.
      while (stream.busy && !this.#signal.aborted) await this.#clock.sleep(5, this.#signal)
      if (this.#signal.aborted) return
      stream.fallBack()
      // A channel may have taken what another refused: no batch may reach across that place.
      stream.stops = this.#context.channels.position(stream.key)?.stops ?? []
      stream.note = ''
      this.#unblock(stream)
    })
  }
}
