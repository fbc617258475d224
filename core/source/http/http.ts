import { z } from 'zod'
import { defineSource } from '../../component/definition.ts'
import { choice, flag, named, port, secret, text, whole, words } from '../../component/settings.ts'
import { keystoreReason, tlsContext } from '../../rpc/tls-context.ts'
import { blobHandler } from './blob-handler.ts'
import { HttpSource } from './http-source.ts'
import { jsonHandler } from './json-handler.ts'

const handlers: Readonly<Record<string, 'json' | 'blob' | 'morphline blob'>> = {
  json: 'json',
  blob: 'blob',
  'org.apache.flume.source.http.jsonhandler': 'json',
  'org.apache.flume.source.http.blobhandler': 'blob',
  'org.apache.flume.sink.solr.morphline.blobhandler': 'morphline blob',
}

const jetty = () => named().describe('Not used: there is no Jetty in Sluice.')

const settings = z
  .object({
    port: port().describe('TCP port; 0 takes a free one.'),
    bind: text().default('0.0.0.0').describe('Address to listen on.'),
    handler: text()
      .refine((name) => Object.hasOwn(handlers, name.toLowerCase()), {
        message: 'give json, blob, or the class name of one of Flume’s handlers',
      })
      .default('json')
      .describe('json: an array of events. blob: the whole body is one event, the query its headers.'),
    'handler.mandatoryParameters': text()
      .optional()
      .describe('blob: parameters that a request must have, with commas.'),
    'handler.maxBlobLength': whole(1)
      .optional()
      .describe('blob: most bytes; the lesser of this and maxBodySize counts.'),
    maxBodySize: whole(1, 1 << 30)
      .default(64 * 1024 * 1024)
      .describe('Most bytes of a body, compressed or not; 413 beyond.'),
    maxConnections: whole(1)
      .default(1000)
      .describe('Most connections at a time; when all are taken, one that says nothing gives way to a new one.'),
    requestTimeout: whole(100)
      .default(30_000)
      .describe('Milliseconds in which a request must have come, and its answer been read.'),
    ssl: flag().default(false).describe('HTTPS; needs keystore.'),
    enableSSL: flag().optional().describe('Flume’s old name of ssl.'),
    keystore: text().optional().describe('File with key and certificates: PEM or PKCS12.'),
    'keystore-password': secret().optional().describe('Password of the keystore, if it has one.'),
    keystorePassword: secret().optional().describe('Flume’s old name of keystore-password.'),
    'keystore-type': choice(['PEM', 'PKCS12', 'JKS']).optional().describe('The type is seen from the file.'),
    'include-protocols': words().optional().describe('TLS versions to allow: TLSv1.2 TLSv1.3.'),
    'exclude-protocols': words().default(['SSLv3']).describe('TLS versions not to allow.'),
    'include-cipher-suites': words().optional().describe('Cipher suites to allow.'),
    'exclude-cipher-suites': words().optional().describe('Cipher suites not to allow.'),
    'QueuedThreadPool.*': jetty(),
    'HttpConfiguration.*': jetty(),
    'SslContextFactory.*': jetty(),
    'ServerConnector.*': jetty(),
  })
  .refine((value) => !(value.ssl || value.enableSSL === true) || value.keystore !== undefined, {
    path: ['keystore'],
    message: `is missing: ${keystoreReason}`,
  })

export const httpSource = defineSource({
  type: 'http',
  aliases: ['org.apache.flume.source.http.HTTPSource'],
  summary: 'Takes events by HTTP: a request is a batch, and 200 means that it is stored.',
  differences: [
    'JSON without a charset is UTF-8, whatever its content type; event bodies are UTF-8.',
    'null, an empty body and an array with null are 400 with a text that says which; Flume answers 500.',
    'A full channel or a paused source is 503 with Retry-After.',
    'Bodies may be compressed (gzip, deflate, br, zstd) and have a limit (maxBodySize): 413.',
    'handler.mandatoryParameters is empty by default; Flume then wants a parameter without a name. A missing one is 400.',
    'A blob over its limit is refused, not cut.',
  ],
  settings,
  create(value, context) {
    const kind = handlers[value.handler.toLowerCase()] ?? 'json'
    const mandatory = (value['handler.mandatoryParameters'] ?? '').split(',').map((name) => name.trim())
    const https = value.ssl || value.enableSSL === true
    const tls = () =>
      tlsContext(
        { ...value, 'keystore-password': value['keystore-password'] ?? value.keystorePassword },
        context.baseDirectory,
      )
    return new HttpSource(
      {
        bind: value.bind,
        port: value.port,
        handler:
          kind === 'json'
            ? jsonHandler
            : blobHandler(
                mandatory.filter((name) => name !== ''),
                kind === 'morphline blob',
              ),
        maxBodySize:
          kind === 'json' ? value.maxBodySize : Math.min(value.maxBodySize, value['handler.maxBlobLength'] ?? Infinity),
        maxConnections: value.maxConnections,
        requestTimeout: value.requestTimeout,
        tls: https ? tls : undefined,
      },
      context,
    )
  },
})
