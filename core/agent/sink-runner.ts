import type { Lease } from '../channel/channel.ts'
import type { Clock } from '../clock.ts'
import { errorText, isSluiceError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { SinkProcessor } from '../processor/processor.ts'
import { Backoff, peerBackoff } from './backoff.ts'
import { ChangeSignal } from './change-signal.ts'
import type { SinkPart } from './sink-part.ts'
import { settlesWithin } from './time-limit.ts'

/** Most bytes of one delivery; one event may be larger. */
const mostBytes = 4 * 1024 * 1024
/** A sink hears of idleness after this long without an event, milliseconds. */
const idleAfter = 1_000
/** A reason to abort costs nothing; without one each abort makes an error with its stack. */
const over = 'over'
/** With nothing to tell anybody the wait is only ended by events, a change or the stop. */
const longWait = 600_000

interface Delivery {
  readonly part: SinkPart
  readonly lease: Lease
  /** Settles as the sink does; never rejects. */
  readonly outcome: Promise<{ error: unknown } | undefined>
}

export interface SinkRunnerOptions {
  readonly name: string
  readonly sinks: readonly SinkPart[]
  readonly processor: SinkProcessor
  readonly clock: Clock
  readonly log: Log
  readonly random?: () => number
  /** Events that a receiver refused for good went into quarantine. */
  readonly onQuarantine: (sink: string, events: number, reason: string) => void
  /** A delivery failed for the first time after a success, and succeeded again. */
  readonly onTrouble: (sink: string, error: unknown) => void
  readonly onRecovery: (sink: string) => void
}

/**
 * Serves one sink or a sink group: takes from the channel, has a sink deliver, acknowledges in order; on failure puts
 * everything back and tries the next sink, or the same one after a growing delay. Works by the lease, not by the event.
 */
export class SinkRunner {
  readonly #options: SinkRunnerOptions
  readonly #changed = new ChangeSignal()
  readonly #backoff: Backoff
  readonly #deliveries: Delivery[] = []
  #stopping = new AbortController()
  /** Aborted when a failure makes the deliveries under way pointless; a new one for those after it. */
  #abandoning = new AbortController()
  #loop: Promise<void> | undefined
  /** The sink for the next delivery. */
  #choice: SinkPart | undefined
  /** Some sinks of the group sit out a penalty: a better one may be back before the next event comes. */
  #someWait = false
  /** Most events of the next take, while events that a receiver refuses are being narrowed down. */
  #narrowed: number | undefined
  /** Sinks that failed since the last success: the round goes on with the others. */
  readonly #failedThisRound = new Set<string>()

  constructor(options: SinkRunnerOptions) {
    this.#options = options
    this.#backoff = new Backoff(peerBackoff, options.random)
  }

  start(): void {
    if (this.#loop) return
    this.#stopping = new AbortController()
    this.#loop = this.#run()
  }

  /** A sink became ready, was paused or resumed: look again at once. */
  wake(): void {
    this.#changed.fire()
  }

  /** Forgets what earlier failures made it wait for and tries at once. */
  retryNow(): void {
    this.#backoff.reset()
    for (const { name } of this.#options.sinks) this.#options.processor.forgive?.(name)
    this.#changed.fire()
  }

  /** Lets deliveries finish for `grace` milliseconds, then abandons them; what was not delivered goes back. */
  async stop(grace: number): Promise<void> {
    if (!this.#loop) return
    this.#stopping.abort()
    this.#changed.fire()
    const { clock, log, name } = this.#options
    if (!(await settlesWithin(this.#loop, grace, clock))) {
      this.#abandoning.abort()
      if (!(await settlesWithin(this.#loop, grace / 2, clock))) {
        log.warn({ runner: name }, `${name} still delivers; its events go back to the channel`)
        for (const { lease } of this.#deliveries.splice(0).reverse()) lease.release()
      }
    }
    this.#loop = undefined
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#step(signal)
      } catch (error) {
        // A channel that fails takes and acknowledgements: it is shown and supervised on its own.
        await this.#putBack()
        if (this.#stopping.signal.aborted) break
        const { clock, log, name } = this.#options
        const wait = this.#backoff.next()
        log.error({ error, wait: Math.round(wait) }, `${name}: ${errorText(error)}`)
        await clock.sleep(wait, signal)
      }
    }
    try {
      while (this.#deliveries.length > 0) if (!(await this.#settleFirst())) break
    } catch (error) {
      this.#options.log.error({ error }, `${this.#options.name}: ${errorText(error)}`)
    }
    await this.#putBack()
  }

  async #step(signal: AbortSignal): Promise<void> {
    // A choice holds until it has led to a delivery, so that a group's turns are not spent on waits.
    if (this.#choice === undefined || !isReady(this.#choice)) this.#choice = this.#choose()
    const part = this.#choice
    if (part === undefined) {
      if (this.#deliveries.length > 0) await this.#settleFirst()
      else await this.#waitForSink(signal)
      return
    }
    // Another sink of the group has its turn when this one's deliveries are settled: if one of them fails, what comes behind it
    // must not have gone out already, or it goes out twice, and before it.
    const another = this.#deliveries.some((delivery) => delivery.part !== part)
    if (another || part.delivering >= Math.max(1, part.sink.concurrency)) {
      await this.#settleFirst()
      return
    }
    const lease = await this.#take(part, signal)
    if (lease && !isReady(part)) lease.release()
    else if (lease) {
      this.#choice = undefined
      this.#deliver(part, lease)
    } else if (this.#deliveries.length > 0) await this.#settleFirst()
  }

  /** The sink for the next delivery: the first in the processor's order that is started and not paused. */
  #choose(): SinkPart | undefined {
    const { processor, sinks, clock } = this.#options
    const order = processor.order(clock.monotonic())
    this.#someWait = order.length < sinks.length
    for (const name of order) {
      const part = sinks.find((one) => one.name === name)
      if (part && isReady(part) && !this.#failedThisRound.has(name)) return part
    }
    return undefined
  }

  /** Nothing can be done now: waits for the end of a penalty, for the growing delay, or for a change. */
  async #waitForSink(signal: AbortSignal): Promise<void> {
    const { processor, sinks, clock } = this.#options
    const now = clock.monotonic()
    const ready = sinks.filter(isReady)
    if (ready.length === 0) {
      this.#failedThisRound.clear()
      await this.#changed.wait(signal)
      return
    }
    const penaltyEnd = processor.retryAt(now)
    let wait = penaltyEnd === undefined ? undefined : penaltyEnd - now
    if (this.#failedThisRound.size > 0) {
      const grown = this.#backoff.next()
      wait = wait === undefined ? grown : Math.max(wait, sinks.length > 1 ? 0 : grown)
      this.#failedThisRound.clear()
    }
    wait ??= 100
    for (const part of ready) if (part.trouble !== '') part.retryAt = clock.now() + wait
    await this.#sleep(wait, signal)
    for (const part of ready) part.retryAt = undefined
  }

  async #sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController()
    const either = AbortSignal.any([signal, over.signal])
    await Promise.race([this.#options.clock.sleep(milliseconds, either), this.#changed.wait(either)])
    over.abort()
  }

  async #take(part: SinkPart, signal: AbortSignal): Promise<Lease | undefined> {
    const { channel, counters, rateLimit } = part.channel
    const size = Math.max(1, Math.min(part.sink.batchSize, channel.transactionCapacity, this.#narrowed ?? Infinity))
    const waiting = new AbortController()
    const either = AbortSignal.any([signal, waiting.signal])
    // While deliveries are under way their end must not wait for the next event, nor a pause for either.
    const first = this.#deliveries[0]
    const interrupted = Promise.race([first?.outcome ?? this.#changed.wait(either), this.#changed.wait(either)]).then(
      () => waiting.abort(over),
    )
    try {
      const allowed = await rateLimit.allowance(size, either)
      if (allowed === 0 || !isReady(part)) return undefined
      const severalChannels = this.#options.sinks.some((one) => one.channel !== part.channel)
      const wait = severalChannels ? 100 : part.sink.idle || this.#someWait ? idleAfter : longWait
      counters.eventTakeAttemptCount++
      const lease = await channel.take(allowed, mostBytes, wait, either)
      if (lease) rateLimit.spend(lease.count)
      else if (!either.aborted) {
        this.#choice = undefined
        if (this.#deliveries.length === 0) await this.#idle(part)
      }
      return lease
    } catch (error) {
      counters.eventTakeErrorCount++
      throw error
    } finally {
      waiting.abort(over)
      await interrupted
    }
  }

  async #idle(part: SinkPart): Promise<void> {
    part.counters.batchEmptyCount++
    try {
      await part.sink.idle?.()
    } catch (error) {
      part.trouble = errorText(error)
      this.#options.log.warn({ sink: part.name, error }, `${part.name}: ${part.trouble}`)
    }
  }

  #deliver(part: SinkPart, lease: Lease): void {
    part.delivering++
    const { signal } = this.#abandoning
    // An async call, so that a sink that throws instead of rejecting is no different.
    const outcome = (async () => {
      await part.sink.deliver(lease, signal)
    })().then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    this.#deliveries.push({ part, lease, outcome })
    void outcome.then(() => part.delivering--)
  }

  /** Waits for the oldest delivery and acknowledges it, or puts all back; false when it failed. */
  async #settleFirst(): Promise<boolean> {
    const delivery = this.#deliveries[0]
    if (delivery === undefined) return true
    const failure = await delivery.outcome
    // The runner's stop may have put it back meanwhile.
    if (this.#deliveries[0] !== delivery) return false
    if (failure) {
      await this.#failed(delivery, failure.error)
      return false
    }
    this.#deliveries.shift()
    const { part, lease } = delivery
    const { count, bytes } = lease
    await lease.ack()
    part.channel.counters.eventTakeSuccessCount += count
    part.deliveredEvents += count
    part.deliveredBytes += bytes
    if (part.trouble !== '') {
      part.trouble = ''
      this.#options.onRecovery(part.name)
    }
    this.#backoff.reset()
    this.#failedThisRound.clear()
    if (this.#narrowed !== undefined)
      this.#narrowed = this.#narrowed * 2 >= part.sink.batchSize ? undefined : this.#narrowed * 2
    this.#options.processor.succeeded(part.name, this.#options.clock.monotonic())
    return true
  }

  async #failed(delivery: Delivery, error: unknown): Promise<void> {
    const { part, lease } = delivery
    const { clock, log, processor } = this.#options
    if (isSluiceError(error, 'SLUICE_REFUSED')) {
      await this.#refused(delivery, errorText(error))
      return
    }
    await this.#putBack()
    if (this.#stopping.signal.aborted) return
    this.#choice = undefined
    if (part.trouble === '') this.#options.onTrouble(part.name, error)
    part.trouble = errorText(error)
    this.#failedThisRound.add(part.name)
    processor.failed(part.name, clock.monotonic())
    log.debug({ sink: part.name, events: lease.count, error }, `${part.name} could not deliver: ${part.trouble}`)
  }

  /** Halves what is taken until the refused event stands alone, so that nothing else goes into quarantine with it. */
  async #refused({ part, lease }: Delivery, reason: string): Promise<void> {
    if (lease.count > 1) {
      this.#narrowed = Math.ceil(lease.count / 2)
      await this.#putBack()
      return
    }
    this.#deliveries.shift()
    await this.#putBack()
    await lease.quarantine(reason)
    part.quarantinedEvents += lease.count
    this.#options.onQuarantine(part.name, lease.count, reason)
  }

  /** Gives everything under way back to the channel, the newest first, once its deliveries have ended. */
  async #putBack(): Promise<void> {
    if (this.#deliveries.length === 0) return
    this.#abandoning.abort()
    await Promise.all(this.#deliveries.map(({ outcome }) => outcome))
    this.#abandoning = new AbortController()
    for (const { part, lease } of this.#deliveries.splice(0).reverse()) {
      part.channel.rateLimit.giveBack(lease.count)
      lease.release()
    }
  }
}

function isReady(part: SinkPart): boolean {
  const { supervisor, gate, channel } = part
  return supervisor.phase === 'running' && channel.supervisor.phase === 'running' && !gate.closed
}
