import type { BatchIdentity, Channel, Lane, PutOptions, SourcePosition } from '../channel/channel.ts'
import { identityOf } from '../channel/identity-runs.ts'
import type { Clock } from '../clock.ts'
import { errorText, isSluiceError, SluiceError } from '../errors.ts'
import { Batch } from '../event/batch.ts'
import type { Headers } from '../event/event.ts'
import type { Intercepted, InterceptorChain } from '../interceptor/chain.ts'
import type { Log } from '../log.ts'
import type { ChannelSelector, Route } from '../selector/selector.ts'
import type { ChannelProcessor, ProcessorPutOptions } from '../source/source.ts'
import { Backoff, peerBackoff } from './backoff.ts'
import type { ChannelPart } from './channel-part.ts'
import { PatientLine } from './patient-line.ts'
import type { PauseGate } from './pause-gate.ts'
import { SharedPositions } from './shared-positions.ts'

/** Optional channels that fall behind get no more than this many puts at a time; what is beyond is dropped for them. */
const mostOptionalPuts = 16

export interface SourceChannelsOptions {
  readonly source: string
  readonly chain: InterceptorChain
  readonly selector: ChannelSelector
  readonly channels: readonly ChannelPart[]
  readonly gate: PauseGate
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds that `put` waits at a closed gate, as a channel waits for room. */
  readonly keepAlive: number
}

/** What is left to do for one batch. */
interface Work {
  readonly routes: Route[]
  readonly original: Batch
  readonly intercepted: Batch
  /** Of the events that the interceptors left; undefined when the batch has none, or nobody knows which are left. */
  readonly identity: BatchIdentity | undefined
}

/** One source's way into its channels. Costs nothing per event: routes and options are made once a batch. */
export class SourceChannels implements ChannelProcessor {
  readonly durable: boolean
  readonly #options: SourceChannelsOptions
  readonly #parts: ReadonlyMap<string, ChannelPart>
  readonly #positions: SharedPositions
  readonly #lines = new WeakMap<Lane, PatientLine>()
  /** Batches that some required channel did not take, with the rest of their routes: a retry goes on from there. */
  readonly #unfinished = new WeakMap<Batch, Work>()
  readonly #closing = new AbortController()
  #optionalPuts = 0

  /** Events that every required channel has, and their bytes (Avro form). */
  acceptedEvents = 0
  acceptedBytes = 0
  /** Events that an interceptor took out. */
  interceptedEvents = 0
  /** Events that the selector sent nowhere. */
  unroutedEvents = 0
  /** Events that an optional channel did not take. */
  optionalLosses = 0
  /** Puts under way. */
  pending = 0
  /** Why the last put was refused; undefined once one succeeded. */
  refusal: SluiceError | undefined

  /** How many events of a batch that is put in parts are stored. */
  readonly #partsPut = new WeakMap<Route, number>()

  constructor(options: SourceChannelsOptions) {
    this.#options = options
    this.#parts = new Map(options.channels.map((part) => [part.channel.name, part]))
    const required = options.selector.required.map((name) => this.#part(name).channel)
    this.#positions = new SharedPositions(options.source, required)
    this.durable = options.channels.every(({ channel }) => channel.durable)
  }

  /** Positions from the channels that the source had before: they hold where the new ones know nothing. */
  inherit(positions: readonly SourcePosition[]): void {
    this.#positions.inherit(positions)
  }

  /** Readies the positions of channels that are new to the source. Before the source starts, after the channels did. */
  join(): Promise<void> {
    return this.#positions.join()
  }

  /** Ends every wait and refuses what comes later: the source is over. */
  close(): void {
    this.#closing.abort()
  }

  prepareHeaders(headers: Headers): Headers {
    return this.#options.chain.prepareHeaders(headers)
  }

  async put(batch: Batch, options: ProcessorPutOptions = {}): Promise<void> {
    const signal = this.#signal(options)
    if (this.#options.gate.closed) await this.#passGate(signal)
    await this.#put(batch, options, signal, options.lane)
  }

  async putPatiently(batch: Batch, options: ProcessorPutOptions = {}): Promise<void> {
    const signal = this.#signal(options)
    const line = this.#line(options.lane)
    const backoff = new Backoff(peerBackoff)
    await line.run(
      async (lane) => {
        if (this.#options.gate.closed) {
          await this.#options.gate.opened(signal)
          if (signal.aborted) throw aborted()
        }
        await this.#put(batch, options, signal, lane)
      },
      async (error) => {
        if (signal.aborted || !isPassing(error)) throw error
        // The channel has waited its keep-alive for room already; only other trouble needs a pause of ours.
        const { clock } = this.#options
        const wait = backoff.next()
        await clock.sleep(isSluiceError(error, 'SLUICE_CHANNEL_FULL') ? Math.min(wait, 200) : wait, signal)
      },
      signal,
    )
  }

  position(key: string): { position: SourcePosition; stops: readonly number[] } | undefined {
    return this.#positions.position(key)
  }

  positions(prefix: string): SourcePosition[] {
    return this.#positions.positions(prefix)
  }

  forgetPositions(keys: readonly string[]): Promise<void> {
    return this.#positions.forget(keys)
  }

  #put(batch: Batch, options: ProcessorPutOptions, signal: AbortSignal, lane: Lane | undefined): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(aborted())
    const work = this.#unfinished.get(batch) ?? this.#admit(batch, options)
    const put: { -readonly [Key in keyof PutOptions]: PutOptions[Key] } = { signal }
    if (options.position) put.position = options.position
    if (lane) put.lane = lane
    if (work.identity) put.identity = work.identity
    return this.#store(work, put, options.exclusive === true)
  }

  /** Interceptors and selector: everything up to the channels, without a pause, so that puts keep their order. */
  #admit(batch: Batch, options: ProcessorPutOptions): Work {
    const { batch: intercepted, taken } = this.#options.chain.intercept(batch, options.prepared === true)
    this.interceptedEvents += batch.count - intercepted.count
    const routes = intercepted.count === 0 ? [] : this.#options.selector.select(intercepted)
    if (intercepted.count > 0) this.#countUnrouted(intercepted, routes)
    if (options.position)
      // Required channels that get no event of this batch still learn how far the source has come.
      for (const channel of this.#options.selector.required)
        if (!routes.some((route) => route.channel === channel))
          routes.push({ channel, required: true, batch: Batch.empty })
    return { routes, original: batch, intercepted, identity: identityLeft(options.identity, batch, taken) }
  }

  #countUnrouted(batch: Batch, routes: readonly Route[]): void {
    if (routes.some((route) => route.batch === batch)) return
    // Parts of a split batch may overlap, so what went nowhere is at least the difference, exactly when they do not.
    let routed = 0
    for (const route of routes) routed += route.batch.count
    if (routed < batch.count) this.unroutedEvents += batch.count - routed
  }

  async #store(work: Work, put: PutOptions, exclusive: boolean): Promise<void> {
    const { routes, original, intercepted } = work
    this.pending++
    try {
      const [only] = routes
      if (only?.required === true && routes.length === 1)
        await this.#putInto(only, {
          ...this.#optionsFor(only, work, put),
          ...((exclusive || only.batch !== original) && { exclusive: true }),
        })
      else await this.#storeAll(work, put)
    } catch (error) {
      this.#unfinished.set(original, work)
      if (isSluiceError(error)) this.refusal = error
      throw error
    } finally {
      this.pending--
    }
    this.#unfinished.delete(original)
    this.refusal = undefined
    this.acceptedEvents += intercepted.count
    this.acceptedBytes += intercepted.bytes.length
  }

  async #storeAll(work: Work, put: PutOptions): Promise<void> {
    const required = work.routes.filter((route) => route.required)
    // All at once: the wait is that of the slowest channel, and each channel sees the puts in their order.
    const results = await Promise.allSettled(
      required.map((route) => this.#putInto(route, this.#optionsFor(route, work, put))),
    )
    const failed = required.filter((_, index) => results[index]?.status === 'rejected')
    const failure = results.find((result) => result.status === 'rejected')
    if (failure) {
      const optional = work.routes.filter((route) => !route.required)
      work.routes.splice(0, work.routes.length, ...failed, ...optional)
      throw failure.reason
    }
    for (const route of work.routes) if (!route.required) this.#putOptional(route, this.#optionsFor(route, work, put))
  }

  /**
   * Each channel stores the numbers of just the events that it gets: what it calls a repeat, it has, however a retry is cut
   * and wherever another configuration sends it. Of a part that does not say which events it has, repeats are not known.
   */
  #optionsFor({ batch }: Route, { intercepted }: Work, put: PutOptions): PutOptions {
    const { identity, ...rest } = put
    if (identity === undefined || batch.count === intercepted.count) return put
    const events = batch.takenOf(intercepted)
    if (events === undefined || events.length === 0) return rest
    return { ...rest, identity: identityOf(identity, intercepted.count, events) }
  }

  async #putInto(route: Route, put: PutOptions): Promise<void> {
    const { channel, counters } = this.#part(route.channel)
    const events = route.batch.count
    if (put.position && this.#positions.has(channel, put.position)) return
    counters.eventPutAttemptCount += events
    try {
      if (events <= channel.transactionCapacity) {
        await channel.put(route.batch, put)
        counters.eventPutSuccessCount += events
      } else await this.#putInParts(route, channel, put)
    } catch (error) {
      counters.eventPutErrorCount++
      throw error
    }
  }

  /**
   * A batch of more events than the channel takes at once: a peer's batch size is its own affair, so it is put in parts. The
   * position comes with the last one, and a retry goes on with the part that failed.
   */
  async #putInParts(route: Route, channel: Channel, put: PutOptions): Promise<void> {
    const { position, identity, exclusive: _, ...rest } = put
    const { batch } = route
    for (let from = this.#partsPut.get(route) ?? 0; from < batch.count;) {
      const to = Math.min(batch.count, from + channel.transactionCapacity)
      await channel.put(batch.slice(from, to), {
        ...rest,
        ...(position && to === batch.count ? { position } : {}),
        ...(identity ? { identity: identityOf(identity, batch.count, [[from, to]]) } : {}),
      })
      this.#part(route.channel).counters.eventPutSuccessCount += to - from
      from = to
      this.#partsPut.set(route, from)
    }
  }

  #putOptional(route: Route, put: PutOptions): void {
    const lost = (error: unknown) => {
      const events = route.batch.count - (this.#partsPut.get(route) ?? 0)
      this.optionalLosses += events
      this.#options.log.warn(
        { channel: route.channel, events },
        `the optional channel ${route.channel} did not take a batch: ${errorText(error)}`,
      )
    }
    if (this.#optionalPuts >= mostOptionalPuts) {
      lost(new SluiceError('SLUICE_CHANNEL_FULL', 'too many puts wait for it already'))
      return
    }
    this.#optionalPuts++
    const { lane: _, ...rest } = put
    void this.#putInto(route, rest)
      .catch(lost)
      .finally(() => this.#optionalPuts--)
  }

  async #passGate(signal: AbortSignal): Promise<void> {
    const { gate, clock, keepAlive, source } = this.#options
    const waiting = new AbortController()
    const either = AbortSignal.any([signal, waiting.signal])
    await Promise.race([gate.opened(either), clock.sleep(keepAlive, either)])
    waiting.abort()
    if (signal.aborted) throw aborted()
    if (gate.closed)
      throw new SluiceError('SLUICE_PAUSED', `the source ${source} is paused (${gate.reasons.join(', ')})`)
  }

  #line(lane: Lane | undefined): PatientLine {
    if (lane === undefined) return new PatientLine()
    let line = this.#lines.get(lane)
    if (line === undefined) {
      line = new PatientLine()
      this.#lines.set(lane, line)
    }
    return line
  }

  #signal(options: ProcessorPutOptions): AbortSignal {
    return options.signal ? AbortSignal.any([options.signal, this.#closing.signal]) : this.#closing.signal
  }

  #part(name: string): ChannelPart {
    const part = this.#parts.get(name)
    if (part === undefined)
      throw new SluiceError('SLUICE_CONFIG', `the source ${this.#options.source} has no channel named ${name}`)
    return part
  }
}

/** The identity of the events that interceptors left. */
function identityLeft(identity: BatchIdentity | undefined, batch: Batch, taken: Intercepted['taken']) {
  if (identity === undefined || taken === 'all') return identity
  return taken === 'unknown' || taken.length === 0 ? undefined : identityOf(identity, batch.count, taken)
}

/** Trouble that passes by itself or by an operator's hand: a patient put waits for it. */
function isPassing(error: unknown): boolean {
  return isSluiceError(
    error,
    'SLUICE_CHANNEL_FULL',
    'SLUICE_DISK_FULL',
    'SLUICE_CHANNEL_IO',
    'SLUICE_CHANNEL_CLOSED',
    'SLUICE_PAUSED',
  )
}

function aborted(): SluiceError {
  return new SluiceError('SLUICE_ABORTED', 'the put was given up: its source stops')
}
