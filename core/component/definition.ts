import type { z } from 'zod'
import type { Channel } from '../channel/channel.ts'
import type { Clock } from '../clock.ts'
import type { DeserializerContext, EventDeserializer } from '../deserializer/deserializer.ts'
import type { Interceptor } from '../interceptor/interceptor.ts'
import type { Log } from '../log.ts'
import type { ChannelSelector } from '../selector/selector.ts'
import type { EventSerializer } from '../serializer/serializer.ts'
import type { Sink } from '../sink/sink.ts'
import type { SinkProcessor } from '../processor/processor.ts'
import type { Source, SourceContext } from '../source/source.ts'
import type { SinkContext } from '../sink/sink.ts'

export const componentKinds = [
  'source',
  'channel',
  'sink',
  'interceptor',
  'selector',
  'processor',
  'serializer',
  'deserializer',
] as const
export type ComponentKind = (typeof componentKinds)[number]

/** What every component gets beside its settings. Nothing in it is global: a test makes its own. */
export interface ComponentContext {
  /** The component's own name in the configuration. */
  readonly name: string
  readonly agent: string
  readonly log: Log
  readonly clock: Clock
  /** The agent's own folder: channels, positions and state live below it. */
  readonly dataDirectory: string
  /** What relative paths in the configuration start from. */
  readonly baseDirectory: string
}

interface DefinitionOf<Kind extends ComponentKind, Settings extends z.ZodType, Context, Made> {
  readonly kind: Kind
  /** Flume's short name, or our own where Flume has none. Matched without regard to case. */
  readonly type: string
  /** Other names that mean the same: Flume's class names. */
  readonly aliases: readonly string[]
  /** One or two sentences for the reference page and the window. */
  readonly summary: string
  /** Where it differs from Flume on purpose, one line each. */
  readonly differences?: readonly string[]
  /**
   * A zod object over flat Flume keys (`batch-size`, a group of keys as `'headers.*'`): `component/settings.ts` has the
   * building blocks and the rules. Each key's `.describe()` is its documentation.
   */
  readonly settings: Settings
  create(settings: z.output<Settings>, context: Context): Made
}

export type SourceDefinition<S extends z.ZodType = z.ZodType> = DefinitionOf<'source', S, SourceContext, Source>
export type ChannelDefinition<S extends z.ZodType = z.ZodType> = DefinitionOf<'channel', S, ComponentContext, Channel>
export type SinkDefinition<S extends z.ZodType = z.ZodType> = DefinitionOf<'sink', S, SinkContext, Sink>
export type InterceptorDefinition<S extends z.ZodType = z.ZodType> = DefinitionOf<
  'interceptor',
  S,
  ComponentContext,
  Interceptor
>
export interface SelectorContext extends ComponentContext {
  /** The names of the source's channels, in the order of the configuration. */
  readonly channels: readonly string[]
}
export type SelectorDefinition<S extends z.ZodType = z.ZodType> = DefinitionOf<
  'selector',
  S,
  SelectorContext,
  ChannelSelector
>
export interface ProcessorContext extends ComponentContext {
  /** The names of the group's sinks, in the order of the configuration. */
  readonly sinks: readonly string[]
}
export type ProcessorDefinition<S extends z.ZodType = z.ZodType> = DefinitionOf<
  'processor',
  S,
  ProcessorContext,
  SinkProcessor
>
export type SerializerDefinition<S extends z.ZodType = z.ZodType> = DefinitionOf<
  'serializer',
  S,
  ComponentContext,
  EventSerializer
>
export type DeserializerDefinition<S extends z.ZodType = z.ZodType> = DefinitionOf<
  'deserializer',
  S,
  DeserializerContext,
  EventDeserializer
>

export type AnyDefinition =
  | SourceDefinition
  | ChannelDefinition
  | SinkDefinition
  | InterceptorDefinition
  | SelectorDefinition
  | ProcessorDefinition
  | SerializerDefinition
  | DeserializerDefinition

/** Types a definition from its schema; a user's own component calls it too. */
export function defineSource<S extends z.ZodType>(definition: Omit<SourceDefinition<S>, 'kind'>): SourceDefinition<S> {
  return { kind: 'source', ...definition }
}
export function defineChannel<S extends z.ZodType>(
  definition: Omit<ChannelDefinition<S>, 'kind'>,
): ChannelDefinition<S> {
  return { kind: 'channel', ...definition }
}
export function defineSink<S extends z.ZodType>(definition: Omit<SinkDefinition<S>, 'kind'>): SinkDefinition<S> {
  return { kind: 'sink', ...definition }
}
export function defineInterceptor<S extends z.ZodType>(
  definition: Omit<InterceptorDefinition<S>, 'kind'>,
): InterceptorDefinition<S> {
  return { kind: 'interceptor', ...definition }
}
export function defineSelector<S extends z.ZodType>(
  definition: Omit<SelectorDefinition<S>, 'kind'>,
): SelectorDefinition<S> {
  return { kind: 'selector', ...definition }
}
export function defineProcessor<S extends z.ZodType>(
  definition: Omit<ProcessorDefinition<S>, 'kind'>,
): ProcessorDefinition<S> {
  return { kind: 'processor', ...definition }
}
export function defineSerializer<S extends z.ZodType>(
  definition: Omit<SerializerDefinition<S>, 'kind'>,
): SerializerDefinition<S> {
  return { kind: 'serializer', ...definition }
}
export function defineDeserializer<S extends z.ZodType>(
  definition: Omit<DeserializerDefinition<S>, 'kind'>,
): DeserializerDefinition<S> {
  return { kind: 'deserializer', ...definition }
}
