import { defineSource } from '../../component/definition.ts'
import { avroSourceSettings } from './avro-settings.ts'
import { AvroSource } from './avro-source.ts'

export const avroSource = defineSource({
  type: 'avro',
  aliases: ['org.apache.flume.source.AvroSource'],
  summary: 'Receives events from the Avro sinks of Sluice and Flume, and from Flume RPC clients.',
  differences: [
    'Frames have a size limit (maxFrameSize), connections a number (maxConnections) and a time to complete a request.',
    'Senders can be asked for a certificate (client-auth, truststore).',
    'Key stores are named by the keys of the component, not by JVM properties or the environment.',
    'keystore is a PEM or PKCS12 file; a JKS keystore must be converted once.',
    'compression-order says how deflate and TLS are layered; Flume changed it in 1.10 and has no switch.',
    'A batch that a Sluice sender repeats is acknowledged without being stored again.',
    'threads is not used, as in Flume since 1.10.',
  ],
  settings: avroSourceSettings,
  create: (settings, context) => new AvroSource(settings, context),
})
