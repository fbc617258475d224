import { defineSink } from '../../component/definition.ts'
import { avroSinkSettings } from './avro-settings.ts'
import { AvroSink } from './avro-sink.ts'

export const avroSink = defineSink({
  type: 'avro',
  aliases: ['org.apache.flume.sink.AvroSink'],
  summary: 'Sends events to an Avro source of the next tier, Sluice or Flume.',
  differences: [
    'The receiver’s certificate must carry the host name, unless ssl-verify-hostname is false; Flume never looks.',
    'truststore is a PEM or PKCS12 file; a JKS truststore must be converted once.',
    'A receiver that asks for a certificate gets the one in keystore.',
    'To another Sluice several requests are under way at once (maxInFlight), and a repeat is stored once.',
    'compression-order says how deflate and TLS are layered; Flume changed it in 1.10 and has no switch.',
  ],
  settings: avroSinkSettings,
  create: (settings, context) => new AvroSink(settings, context),
})
