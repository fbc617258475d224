import { fileChannel } from '../channel/file/file-channel-definition.ts'
import { memoryChannel } from '../channel/memory/memory-channel-definition.ts'
import { avroDeserializer } from '../deserializer/avro.ts'
import { blobDeserializer } from '../deserializer/blob.ts'
import { lineDeserializer } from '../deserializer/line.ts'
import { hostInterceptor } from '../interceptor/host.ts'
import { staticInterceptor } from '../interceptor/static.ts'
import { timestampInterceptor } from '../interceptor/timestamp.ts'
import { defaultProcessor } from '../processor/default.ts'
import { failoverProcessor } from '../processor/failover.ts'
import { loadBalanceProcessor } from '../processor/load-balance.ts'
import { multiplexingSelector } from '../selector/multiplexing.ts'
import { replicatingSelector } from '../selector/replicating.ts'
import { avroEventSerializer } from '../serializer/avro-event.ts'
import { headerAndTextSerializer } from '../serializer/header-and-text.ts'
import { textSerializer } from '../serializer/text.ts'
import { avroSink } from '../sink/avro/avro.ts'
import { fileRollSink } from '../sink/file-roll/file-roll.ts'
import { loggerSink } from '../sink/logger/logger-sink.ts'
import { nullSink } from '../sink/null/null-sink.ts'
import { avroSource } from '../source/avro/avro.ts'
import { execSource } from '../source/exec/exec.ts'
import { httpSource } from '../source/http/http.ts'
import { netcatSource } from '../source/netcat/netcat.ts'
import { netcatUdpSource } from '../source/netcatudp/netcatudp.ts'
import { seqSource } from '../source/seq/seq.ts'
import { spooldirSource } from '../source/spooldir/definition.ts'
import { taildirSource } from '../source/taildir/definition.ts'
import type { AnyDefinition } from './definition.ts'
import { ComponentRegistry } from './registry.ts'

/** Every component that comes with Sluice, by kind and then by the alphabet. */
export const builtinDefinitions: readonly AnyDefinition[] = [
  // sources
  avroSource,
  execSource,
  httpSource,
  netcatSource,
  netcatUdpSource,
  seqSource,
  spooldirSource,
  taildirSource,

  // channels
  fileChannel,
  memoryChannel,

  // sinks
  avroSink,
  fileRollSink,
  loggerSink,
  nullSink,

  // interceptors
  hostInterceptor,
  staticInterceptor,
  timestampInterceptor,

  // selectors
  multiplexingSelector,
  replicatingSelector,

  // processors
  defaultProcessor,
  failoverProcessor,
  loadBalanceProcessor,

  // serializers
  avroEventSerializer,
  headerAndTextSerializer,
  textSerializer,

  // deserializers
  avroDeserializer,
  blobDeserializer,
  lineDeserializer,
]

/** A registry of its own for each agent: a user's own components are added to it as configurations name them. */
export const builtinRegistry = () => new ComponentRegistry(builtinDefinitions)
