import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { z } from 'zod'
import type { Clock } from '../clock.ts'
import { shapeSettings } from '../component/settings-shape.ts'
import { errorText, isSluiceError, SluiceError, systemCode } from '../errors.ts'
import { connect } from '../rpc/connect.ts'
import { clientLayers } from '../rpc/stream-layers.ts'
import { tlsContext } from '../rpc/tls-context.ts'
import { avroSinkSettings } from '../sink/avro/avro-settings.ts'
import type { connectionFailures, sourceCalls } from './source-calls.ts'

type Failure = (typeof connectionFailures)[number]
export type ConnectionAnswer = z.output<typeof sourceCalls.testConnection.result>

export interface ConnectionTest {
  readonly host: string
  readonly port: number
  /** Keys of an Avro sink for TLS and compression, as in its configuration. */
  readonly settings: Readonly<Record<string, string>>
  /** Milliseconds for all of it. */
  readonly within: number
  /** What relative files of keys start from. */
  readonly baseDirectory: string
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
}

/** Resolves the name, connects and shakes hands as an Avro sink would, and sends no event. What fails is the answer. */
export async function testConnection(test: ConnectionTest): Promise<ConnectionAnswer> {
  const { clock, host, port } = test
  const startedAt = clock.monotonic()
  const peer = `${host.includes(':') ? `[${host}]` : host}:${port}`
  let addresses: string[] = []
  const answer = (rest: Pick<ConnectionAnswer, 'ok' | 'text' | 'failure' | 'code'>): ConnectionAnswer => ({
    ...rest,
    addresses,
    milliseconds: Math.round(clock.monotonic() - startedAt),
  })
  const over = new AbortController()
  const stopped = test.signal === undefined ? over.signal : AbortSignal.any([over.signal, test.signal])
  try {
    const settings = sinkSettings(test)
    addresses = await resolved(host, test.within, clock, stopped)
    const left = test.within - (clock.monotonic() - startedAt)
    const connection = await connect({
      ...{ host, port, clock, connectTimeout: Math.max(1, left), requestTimeout: test.within, signal: stopped },
      ...(await layers(settings, test)),
    })
    const sluice = connection.peerIsSluice
    connection.close()
    const who = sluice ? 'a Sluice' : 'an Avro source'
    return answer({ ok: true, text: `${who} answers at ${peer}${secured(settings)}`, failure: null, code: '' })
  } catch (error) {
    if (test.signal?.aborted === true) throw new SluiceError('SLUICE_ABORTED', 'the test was given up')
    const [failure, text] = explained(error, { ...test, peer })
    return answer({ ok: false, text, failure, code: isSluiceError(error) ? error.code : 'SLUICE_PEER' })
  } finally {
    over.abort('over')
  }
}

type Settings = z.output<typeof avroSinkSettings>

function sinkSettings({ settings, host, port }: ConnectionTest): Settings {
  const keys = new Map([...Object.entries(settings), ['hostname', host], ['port', String(port)]] as [string, string][])
  const checked = avroSinkSettings.safeParse(shapeSettings(avroSinkSettings, keys).input)
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  throw new SluiceError('SLUICE_TLS', `${issue?.path.join('.') ?? 'settings'}: ${issue?.message ?? 'cannot be used'}`)
}

async function layers(settings: Settings, { host, baseDirectory }: ConnectionTest) {
  const deflate = settings['compression-type'] === 'deflate' ? settings['compression-level'] : undefined
  const tls = settings.ssl
    ? {
        context: await tlsContext(settings, baseDirectory),
        host,
        trustAll: settings['trust-all-certs'],
        verifyHost: settings['ssl-verify-hostname'],
      }
    : undefined
  const layer = clientLayers({ deflate, order: settings['compression-order'] }, tls)
  return layer === undefined ? {} : { layer }
}

/** The system's own look-up cannot be ended, only waited for no longer. */
async function resolved(host: string, within: number, clock: Clock, signal: AbortSignal): Promise<string[]> {
  if (isIP(host) !== 0) return [host]
  const late = clock.sleep(within, signal).then(() => {
    throw new SluiceError('SLUICE_TIMEOUT', `looking up ${host} took longer than ${within} ms`)
  })
  late.catch(() => undefined)
  const found = await Promise.race([lookup(host, { all: true }), late])
  return found.map(({ address }) => address)
}

function secured(settings: Settings): string {
  const parts = [...(settings.ssl ? ['TLS'] : []), ...(settings['compression-type'] === 'deflate' ? ['deflate'] : [])]
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

const systemTexts: Readonly<Record<string, [Failure, string]>> = {
  ENOTFOUND: ['name not found', 'there is no host of this name: check its spelling, or give its address'],
  EAI_AGAIN: ['name not found', 'the name servers do not answer: try again, or give the address of the host'],
  ECONNREFUSED: [
    'refused',
    'the host is there, but nothing listens on this port: start the receiver, or mend the port',
  ],
  EHOSTUNREACH: ['unreachable', 'no way leads to this host'],
  ENETUNREACH: ['unreachable', 'no way leads to the network of this host'],
  EADDRNOTAVAIL: ['unreachable', 'this address cannot be reached from here'],
  ETIMEDOUT: ['timed out', 'nothing answers: a firewall may drop what is sent'],
  ECONNRESET: ['closed', 'the other side closes the connection at once: it may expect TLS, or refuse this address'],
  EPIPE: ['closed', 'the other side closes the connection at once: it may expect TLS, or refuse this address'],
}

function explained(error: unknown, test: ConnectionTest & { peer: string }): [Failure, string] {
  const { peer, host, within } = test
  const known = systemTexts[systemCodes(error).find((code) => Object.hasOwn(systemTexts, code)) ?? '']
  const tls = isSluiceError(error, 'SLUICE_TLS')
  if (known !== undefined && !tls) return [known[0], `${known[0] === 'name not found' ? host : peer}: ${known[1]}`]
  const text = errorText(error)
  if (tls) return ['tls', `${peer}: ${tlsReason(error)}`]
  if (isSluiceError(error, 'SLUICE_TIMEOUT'))
    return [
      'timed out',
      `${peer}: no answer within ${within} ms: the host may be off, a firewall in between, or it is no Avro port`,
    ]
  if (/closed|ended|hang up/i.test(text))
    return ['closed', `${peer}: the other side closes the connection: it is no Avro port, or it expects TLS or deflate`]
  if (isSluiceError(error, 'SLUICE_PEER', 'SLUICE_FRAME'))
    return ['not avro', `${peer}: something answers, but not as an Avro source does: ${withoutPeer(text, peer)}`]
  return ['other', `${peer}: ${withoutPeer(text, peer)}`]
}

/** The codes of an error, of what caused it and of what it is made of: a name may have several addresses. */
function systemCodes(error: unknown): string[] {
  const own = systemCode(error)
  const below = error instanceof AggregateError ? error.errors.flatMap(systemCodes) : []
  const cause = error instanceof Error && error.cause !== undefined ? systemCodes(error.cause) : []
  return [...(own === undefined ? [] : [own]), ...below, ...cause]
}

function tlsReason(error: unknown): string {
  const codes = systemCodes(error)
  const text = errorText(error)
  const has = (...names: string[]) => names.some((name) => codes.includes(name))
  if (has('SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'))
    return 'its certificate is from an authority that is not trusted here: name that in truststore'
  if (has('UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'))
    return 'its certificate is from an authority that is not trusted here: name that in truststore'
  if (has('CERT_HAS_EXPIRED')) return 'its certificate has expired'
  if (has('CERT_NOT_YET_VALID')) return 'its certificate is not valid yet: is the clock right on both sides?'
  if (has('ERR_TLS_CERT_ALTNAME_INVALID')) return `its certificate is for another name: ${text}`
  if (has('ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'))
    return 'it does not speak TLS on this port: switch TLS off, or mend the port'
  if (has('ECONNRESET', 'EPIPE')) return 'the other side ends the TLS handshake: it may not speak TLS on this port'
  return text
}

function withoutPeer(text: string, peer: string): string {
  return text.startsWith(`${peer}: `) ? text.slice(peer.length + 2) : text
}
