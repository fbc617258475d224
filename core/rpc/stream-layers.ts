/** TLS and compression between a socket and the frames, in either order (flume.md §3.1.6). */
import { isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  connect as connectTls,
  createServer as createTlsServer,
  type ConnectionOptions,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls'
import { SluiceError, errorText } from '../errors.ts'
import { DeflateStream } from './deflate-stream.ts'

export const compressionOrders = ['flume-1.10', 'flume-1.9'] as const
/** `flume-1.10`: TLS records inside of the compressed stream; `flume-1.9`: compressed data inside of TLS. */
export type CompressionOrder = (typeof compressionOrders)[number]

export interface Layers {
  /** Level of what is sent; undefined when nothing is compressed. */
  readonly deflate: number | undefined
  readonly order: CompressionOrder
}

export interface ServerTls {
  readonly context: SecureContextOptions
  /** Ask for a certificate that `context.ca` vouches for. */
  readonly clientAuth: boolean
  /** Milliseconds for the handshake. */
  readonly handshakeTimeout: number
}

export interface ClientTls {
  readonly context: SecureContextOptions
  readonly host: string
  readonly trustAll: boolean
  readonly verifyHost: boolean
}

type Layer = (socket: Socket) => Promise<Duplex>

/** The layers of a server's side; undefined when there are none. */
export function serverLayers(layers: Layers, tls: ServerTls | undefined): Layer | undefined {
  return compose(layers, tls && ((stream) => acceptTls(stream, tls)))
}

/** The layers of a client's side; undefined when there are none. */
export function clientLayers(layers: Layers, tls: ClientTls | undefined): Layer | undefined {
  return compose(layers, tls && ((stream) => startTls(stream, tls)))
}

function compose({ deflate, order }: Layers, secure: ((stream: Duplex) => Promise<Duplex>) | undefined) {
  if (deflate === undefined) return secure
  const compress = (stream: Duplex) => new DeflateStream(stream, deflate)
  if (secure === undefined) return (socket: Socket) => Promise.resolve(compress(socket))
  return order === 'flume-1.9'
    ? async (socket: Socket) => compress(await secure(socket))
    : (socket: Socket) => secure(compress(socket))
}

/**
 * The server's end of TLS on any stream. A `tls.Server` that never listens does the checks of the client's certificate
 * that a bare TLSSocket leaves out; one for each stream, because it does not say which stream a TLS socket belongs to.
 */
function acceptTls(stream: Duplex, tls: ServerTls): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const server = createTlsServer({
      ...tls.context,
      requestCert: tls.clientAuth,
      rejectUnauthorized: tls.clientAuth,
      handshakeTimeout: tls.handshakeTimeout,
      allowHalfOpen: true,
    })
    server.once('secureConnection', resolve)
    server.once('tlsClientError', (error) => {
      stream.destroy()
      reject(tlsError(error))
    })
    server.emit('connection', stream)
  })
}

function startTls(stream: Duplex, tls: ClientTls): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options: ConnectionOptions = {
      ...tls.context,
      socket: stream,
      host: tls.host,
      rejectUnauthorized: !tls.trustAll,
      ...(isIP(tls.host) === 0 && { servername: tls.host }),
      ...(!tls.verifyHost && { checkServerIdentity: () => undefined }),
    }
    const fail = (error: Error) => {
      stream.destroy()
      reject(tlsError(error))
    }
    const secured = connectTls(options, () => {
      secured.removeListener('error', fail)
      resolve(secured)
    })
    secured.once('error', fail)
  })
}

function tlsError(error: Error): SluiceError {
  return new SluiceError('SLUICE_TLS', `TLS handshake failed: ${errorText(error)}`, { cause: error })
}
