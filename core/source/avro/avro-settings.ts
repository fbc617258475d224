import { z } from 'zod'
import { errorText } from '../../errors.ts'
import { parseIpFilterRules } from '../../rpc/ip-filter.ts'
import { compressionOrders } from '../../rpc/stream-layers.ts'
import { keystoreReason } from '../../rpc/tls-context.ts'
import { choice, flag, port, secret, text, whole, words } from '../../component/settings.ts'

export const avroSourceSettings = z
  .object({
    bind: text().describe('Host name or address to listen on; 0.0.0.0 for all.'),
    port: port().describe('TCP port to listen on.'),
    threads: whole().default(0).describe('Accepted for the sake of Flume configurations; not used.'),
    'compression-type': choice(['none', 'deflate'])
      .default('none')
      .describe('deflate when the senders compress; both ends must agree.'),
    'compression-order': choice(compressionOrders)
      .default('flume-1.10')
      .describe('With TLS and deflate: compression outside of TLS (Flume 1.10 and later) or inside of it (1.9).'),
    ssl: flag().default(false).describe('TLS; needs keystore.'),
    keystore: text().optional().describe('File with key and certificates: PEM or PKCS12.'),
    'keystore-password': secret().optional().describe('Password of the keystore, if it has one.'),
    'keystore-type': choice(['PEM', 'PKCS12', 'JKS'])
      .optional()
      .describe('Only for the sake of Flume configurations: the type is seen from the file.'),
    'client-auth': flag()
      .default(false)
      .describe('Ask senders for a certificate that the truststore vouches for (mutual TLS).'),
    truststore: text().optional().describe('File with the certificates that may vouch for senders: PEM or PKCS12.'),
    'truststore-password': secret().optional().describe('Password of the truststore, if it is PKCS12.'),
    'truststore-type': choice(['PEM', 'PKCS12', 'JKS']).optional().describe('The type is seen from the file.'),
    'include-protocols': words().optional().describe('TLS versions to allow: TLSv1.2 TLSv1.3.'),
    'exclude-protocols': words().default(['SSLv3']).describe('TLS versions not to allow.'),
    'include-cipher-suites': words().optional().describe('Cipher suites to allow, under their Java or OpenSSL names.'),
    'exclude-cipher-suites': words().optional().describe('Cipher suites not to allow.'),
    ipFilter: flag().default(false).describe('Whether ipFilterRules decide who may connect.'),
    ipFilterRules: text()
      .optional()
      .describe('allow|deny:ip|name:pattern, separated by commas; the first that matches decides, none allows.'),
    maxFrameSize: whole(1024, 1 << 30)
      .default(64 * 1024 * 1024)
      .describe('Most bytes of one request; larger ones close the connection.'),
    maxConnections: whole(1)
      .default(1000)
      .describe('Most connections at once; when all are taken, one that says nothing gives way to a new one.'),
    handshakeTimeout: whole(100)
      .default(30_000)
      .describe(
        'Milliseconds in which a connection completes its first request and never falls silent, or drips, inside of one.',
      ),
  })
  .superRefine((settings, context) => {
    const require = (key: 'keystore' | 'truststore' | 'ipFilterRules', when: string) => {
      if (settings[key] === undefined) context.addIssue({ code: 'custom', path: [key], message: `is missing: ${when}` })
    }
    if (settings.ssl) require('keystore', keystoreReason)
    if (settings['client-auth']) {
      require('truststore', 'client-auth = true needs it, or -Djavax.net.ssl.trustStore or FLUME_SSL_TRUSTSTORE_PATH')
      if (!settings.ssl)
        context.addIssue({ code: 'custom', path: ['client-auth'], message: 'works over TLS only: set ssl = true' })
    }
    if (settings.ipFilter) require('ipFilterRules', 'ipFilter = true needs it')
    if (settings.ipFilterRules !== undefined)
      try {
        parseIpFilterRules(settings.ipFilterRules)
      } catch (error) {
        context.addIssue({ code: 'custom', path: ['ipFilterRules'], message: errorText(error) })
      }
  })

export type AvroSourceSettings = z.output<typeof avroSourceSettings>
