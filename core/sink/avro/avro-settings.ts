import { z } from 'zod'
import { compressionOrders } from '../../rpc/stream-layers.ts'
import { choice, flag, port, secret, text, whole, words } from '../../component/settings.ts'

/** Flume replaces a value below a second by its default. */
const leastTimeout = 1000
const defaultTimeout = 20_000
const timeout = () =>
  whole()
    .default(defaultTimeout)
    .transform((value) => (value < leastTimeout ? defaultTimeout : value))

export const avroSinkSettings = z.object({
  hostname: text().describe('Host name or address of the next tier.'),
  port: port().describe('TCP port of its Avro source.'),
  'batch-size': whole()
    .default(100)
    .transform((value) => (value < 1 ? 100 : value))
    .describe('Most events of one request.'),
  'connect-timeout': timeout().describe('Milliseconds to connect, with TLS and handshake; below 1000 means 20000.'),
  'request-timeout': timeout().describe('Milliseconds to wait for an answer; below 1000 means 20000.'),
  'reset-connection-interval': whole()
    .default(0)
    .describe('Seconds after which to connect anew, so that a load balancer can move the connection; 0 is never.'),
  'compression-type': choice(['none', 'deflate']).default('none').describe('deflate when the receiver expects it.'),
  'compression-level': whole(0, 9).default(6).describe('0 (none) to 9 (most).'),
  'compression-order': choice(compressionOrders)
    .default('flume-1.10')
    .describe('With TLS and deflate: compression outside of TLS (Flume 1.10 and later) or inside of it (1.9).'),
  ssl: flag().default(false).describe('TLS.'),
  'trust-all-certs': flag().default(false).describe('Accept any certificate: no protection against a false receiver.'),
  'ssl-verify-hostname': flag().default(true).describe('Whether the certificate must carry the hostname.'),
  truststore: text().optional().describe('Certificates to trust, PEM or PKCS12; the usual authorities if absent.'),
  'truststore-password': secret().optional().describe('Password of the truststore, if it is PKCS12.'),
  'truststore-type': choice(['PEM', 'PKCS12', 'JKS']).optional().describe('The type is seen from the file.'),
  keystore: text().optional().describe('Own key and certificate, PEM or PKCS12, for receivers that ask for one.'),
  'keystore-password': secret().optional().describe('Password of the keystore, if it has one.'),
  'keystore-type': choice(['PEM', 'PKCS12', 'JKS']).optional().describe('The type is seen from the file.'),
  'include-protocols': words().optional().describe('TLS versions to allow: TLSv1.2 TLSv1.3.'),
  'exclude-protocols': words().default(['SSLv3']).describe('TLS versions not to allow.'),
  'include-cipher-suites': words().optional().describe('Cipher suites to allow, under their Java or OpenSSL names.'),
  'exclude-cipher-suites': words().optional().describe('Cipher suites not to allow.'),
  maxInFlight: whole(1, 64)
    .default(4)
    .describe('Most requests under way when the receiver is a Sluice; always 1 when it is a Flume.'),
  maxIoWorkers: whole().optional().describe('Accepted for the sake of Flume configurations; not used.'),
})

export type AvroSinkSettings = z.output<typeof avroSinkSettings>
