/** A flow for tests of the agent: a source that the test pushes through and a sink that the test commands. */
import { z } from 'zod'
import { fileChannel } from '../../core/channel/file/file-channel-definition.ts'
import type { Lease } from '../../core/channel/channel.ts'
import { defineSink, defineSource } from '../../core/component/definition.ts'
import { builtinRegistry } from '../../core/component/builtin.ts'
import type { ComponentRegistry } from '../../core/component/registry.ts'
import type { AgentConfig, ComponentConfig, SinkConfig, SourceConfig } from '../../core/config/model.ts'
import { BatchBuilder } from '../../core/event/batch-builder.ts'
import type { Batch } from '../../core/event/batch.ts'
import { type Headers, noHeaders } from '../../core/event/event.ts'
import type { Sink, SinkContext } from '../../core/sink/sink.ts'
import type { Source, SourceContext } from '../../core/source/source.ts'

/** A batch of bodies, all with the same headers. */
export function batchOf(bodies: readonly string[], headers: Headers = noHeaders): Batch {
  const builder = new BatchBuilder()
  builder.shareHeaders(headers)
  for (const body of bodies) builder.addBody(Buffer.from(body))
  return builder.finish()
}

export class PushSource implements Source {
  readonly context: SourceContext
  starts = 0
  stops = 0
  /** Awaited by each start. */
  onStart: () => Promise<void> = () => Promise.resolve()

  constructor(context: SourceContext) {
    this.context = context
  }

  async start(): Promise<void> {
    this.starts++
    await this.onStart()
  }

  stop(): Promise<void> {
    this.stops++
    return Promise.resolve()
  }

  push(...bodies: string[]): Promise<void> {
    this.context.counters.eventReceivedCount += bodies.length
    return this.context.channels.put(batchOf(bodies))
  }
}

export class CollectSink implements Sink {
  readonly batchSize = 100
  readonly context: SinkContext
  concurrency = 1
  starts = 0
  stops = 0
  readonly bodies: string[] = []
  /** Awaited before each delivery; rejecting refuses it. */
  onDeliver: (lease: Lease, signal: AbortSignal) => Promise<void> = () => Promise.resolve()

  constructor(context: SinkContext) {
    this.context = context
  }

  start(): Promise<void> {
    this.starts++
    return Promise.resolve()
  }

  stop(): Promise<void> {
    this.stops++
    return Promise.resolve()
  }

  async deliver(lease: Lease, signal: AbortSignal): Promise<void> {
    await this.onDeliver(lease, signal)
    this.bodies.push(...bodiesOf(lease))
  }
}

export function bodiesOf(lease: Lease): string[] {
  return lease.batches.flatMap((batch) => [...batch.events()].map(({ body }) => body.toString()))
}

/** The registry with `push` and `collect`, and what they made, newest last. */
export function testRegistry() {
  const sources: PushSource[] = []
  const sinks: CollectSink[] = []
  const registry: ComponentRegistry = builtinRegistry()
  registry.add(
    defineSource({
      type: 'push',
      aliases: [],
      summary: 'A test pushes through it.',
      settings: z.object({}),
      create: (_settings, context) => {
        const source = new PushSource(context)
        sources.push(source)
        return source
      },
    }),
  )
  registry.add(
    defineSink({
      type: 'collect',
      aliases: [],
      summary: 'Keeps what it is handed.',
      settings: z.object({}),
      create: (_settings, context) => {
        const sink = new CollectSink(context)
        sinks.push(sink)
        return sink
      },
    }),
  )
  const source = (name: string) => {
    const found = sources.findLast((one) => one.context.name === name)
    if (!found) throw new Error(`no source ${name} was made`)
    return found
  }
  const sink = (name: string) => {
    const found = sinks.findLast((one) => one.context.name === name)
    if (!found) throw new Error(`no sink ${name} was made`)
    return found
  }
  return { registry, sources, sinks, source, sink }
}

export function component(name: string, type: string, settings: unknown = {}, raw = {}): ComponentConfig {
  return { name, type, settings, raw: { type, ...raw } }
}

export function sourceConfig(
  name: string,
  channels: readonly string[],
  over: Partial<SourceConfig> = {},
): SourceConfig {
  const selector = component('selector', 'replicating', { optional: [] })
  return { ...component(name, 'push'), channels, interceptors: [], selector, ...over }
}

export function sinkConfig(name: string, channel: string): SinkConfig {
  return { ...component(name, 'collect'), channel }
}

/** A file channel with these keys over the defaults. */
export function fileChannelConfig(name: string, keys: Record<string, unknown> = {}): ComponentConfig {
  const text = Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, String(value)]))
  return component(name, 'file', fileChannel.settings.parse({ minimumRequiredSpace: '1048576', ...text }), text)
}

/** r1 → c1 → k1 unless told otherwise. */
export function flow(over: Partial<AgentConfig> = {}): AgentConfig {
  return {
    agent: 'a1',
    sources: [sourceConfig('r1', ['c1'])],
    channels: [fileChannelConfig('c1')],
    sinks: [sinkConfig('k1', 'c1')],
    sinkGroups: [],
    ...over,
  }
}

/** Resolves when `condition` holds; rejects after `milliseconds`, naming what did not come about. */
export async function eventually(what: string, condition: () => boolean, milliseconds = 5_000): Promise<void> {
  const deadline = performance.now() + milliseconds
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`it did not come about that ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
