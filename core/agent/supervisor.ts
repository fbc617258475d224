import type { Clock } from '../clock.ts'
import { errorText } from '../errors.ts'
import type { Log } from '../log.ts'
import { Backoff, startBackoff } from './backoff.ts'
import { ChangeSignal } from './change-signal.ts'
import { settlesWithin } from './time-limit.ts'

/** What a supervisor keeps going. */
export interface Supervised {
  readonly name: string
  start(): Promise<void>
  stop(): Promise<void>
}

export const supervisorPhases = ['stopped', 'starting', 'running', 'failed'] as const
export type SupervisorPhase = (typeof supervisorPhases)[number]

/** A component that has run this long has recovered: its next failure counts as the first. */
const recoveredAfter = 60_000

/** Starts one component, starts it again with a growing delay when it fails, and never lets an error out. */
export class Supervisor {
  readonly #component: Supervised
  readonly #clock: Clock
  readonly #log: Log
  readonly #onRunning: () => void
  readonly #onFailure: (error: unknown) => void
  readonly #backoff: Backoff
  readonly #failed = new ChangeSignal()
  readonly #hurried = new ChangeSignal()
  #stopping = new AbortController()
  #loop: Promise<void> | undefined
  #failure: { error: unknown } | undefined
  #firstAttempt: { promise: Promise<void>; done: () => void } | undefined

  phase: SupervisorPhase = 'starting'
  /** Why it failed last, in words; empty when it runs. */
  reason = ''
  /** Epoch milliseconds of the next attempt while `failed`. */
  retryAt: number | undefined
  /** Starts after the first. */
  restarts = 0

  constructor(
    component: Supervised,
    options: {
      clock: Clock
      log: Log
      onRunning?: () => void
      onFailure?: (error: unknown) => void
      random?: () => number
    },
  ) {
    this.#component = component
    this.#clock = options.clock
    this.#log = options.log
    this.#onRunning = options.onRunning ?? (() => undefined)
    this.#onFailure = options.onFailure ?? (() => undefined)
    this.#backoff = new Backoff(startBackoff, options.random)
  }

  /** Resolves when the first attempt to start is over, whether it worked or not. */
  start(): Promise<void> {
    if (this.#loop) return this.#firstAttempt?.promise ?? Promise.resolve()
    this.#stopping = new AbortController()
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.#firstAttempt = { promise, done: () => resolve(undefined) }
    this.#loop = this.#run(this.#stopping.signal)
    return promise
  }

  /** The next attempt is now, whatever the last failure made it wait for. */
  retryNow(): void {
    this.#backoff.reset()
    this.#hurried.fire()
  }

  /** The component broke after its start. */
  fail(error: unknown): void {
    if (this.phase === 'stopped' || this.#failure) return
    this.#failure = { error }
    this.#failed.fire()
  }

  /** Stops it; gives up on a component that takes longer than `milliseconds`. */
  async stop(milliseconds: number): Promise<void> {
    if (!this.#loop) return
    this.#stopping.abort()
    const inTime = await settlesWithin(this.#loop, milliseconds, this.#clock)
    if (!inTime) this.#log.warn({ milliseconds }, `${this.#component.name} did not stop in time and is left behind`)
    this.#loop = undefined
    this.phase = 'stopped'
    this.reason = ''
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.phase = 'starting'
      this.#failure = undefined
      const failure = await this.#live(signal)
      this.#firstAttempt?.done()
      if (failure === undefined) return
      await this.#rest(failure.error, signal)
      this.restarts++
    }
  }

  /** One life of the component: undefined when it ended because the supervisor stops. */
  async #live(signal: AbortSignal): Promise<{ error: unknown } | undefined> {
    const startedAt = this.#clock.monotonic()
    try {
      await this.#component.start()
      // The component may have said that it broke, or the stop may have come, while it started.
      if (!this.#isOver(signal)) {
        this.phase = 'running'
        this.reason = ''
        this.#onRunning()
        this.#firstAttempt?.done()
      }
      while (!this.#isOver(signal)) await this.#failed.wait(signal)
    } catch (error) {
      this.#failure ??= { error }
    }
    const failure = this.#failure
    try {
      await this.#component.stop()
    } catch (error) {
      this.#log.warn({ error }, `${this.#component.name} did not stop well: ${errorText(error)}`)
    }
    if (this.#clock.monotonic() - startedAt >= recoveredAfter) this.#backoff.reset()
    return signal.aborted ? undefined : failure
  }

  #isOver(signal: AbortSignal): boolean {
    return signal.aborted || this.#failure !== undefined
  }

  async #rest(error: unknown, signal: AbortSignal): Promise<void> {
    const wait = this.#backoff.next()
    this.phase = 'failed'
    this.reason = errorText(error)
    this.retryAt = this.#clock.now() + wait
    this.#log.debug({ error, wait: Math.round(wait) }, `${this.#component.name} failed: ${this.reason}`)
    this.#onFailure(error)
    const over = new AbortController()
    const either = AbortSignal.any([signal, over.signal])
    await Promise.race([this.#clock.sleep(wait, either), this.#hurried.wait(either)])
    over.abort()
    this.retryAt = undefined
  }
}
