/** Components that say `ssl = true` and no more: key store, trust store and versions come from the environment. */
import { connect } from 'node:tls'
import { type Flow, portOf } from './flow.ts'
import type { Place } from './place.ts'
import { http, memory, straight, toFile } from './straight.ts'

/** What a client that trusts everybody is offered: version and name, or why it is sent away. */
function offered(place: Place, port: string, version: 'TLSv1.2' | 'TLSv1.3'): Promise<string> {
  return new Promise((resolve) => {
    const options = { rejectUnauthorized: false, minVersion: version, maxVersion: version } as const
    const socket = connect({ host: '127.0.0.1', port: place.port(port), ...options })
    socket.once('secureConnect', () => {
      resolve(`${socket.getProtocol() ?? ''} ${String(socket.getPeerCertificate().subject.CN)}`)
      socket.destroy()
    })
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      // It is not listening yet.
      if (code === 'ECONNREFUSED') setTimeout(() => resolve(offered(place, port, version)), 100)
      else resolve('sent away')
    })
  })
}

async function both(place: Place, port: string) {
  return { 'TLSv1.2': await offered(place, port, 'TLSv1.2'), 'TLSv1.3': await offered(place, port, 'TLSv1.3') }
}

const spool = { type: 'spooldir', spoolDir: '${env:PLACE}/tv' }

export const tlsFlows: readonly Flow[] = [
  {
    name: 'avro → avro over TLS that the environment describes',
    parts: {
      sources: {
        tv: { ...spool, channels: 'tv' },
        tn: { type: 'avro', bind: '127.0.0.1', port: portOf('tn'), ssl: true, channels: 'tn' },
      },
      channels: { tv: memory, tn: memory },
      sinks: {
        tv: { type: 'avro', hostname: '127.0.0.1', port: portOf('tn'), ssl: true, channel: 'tv' },
        tn: { ...toFile('tn'), channel: 'tn' },
      },
    },
    play: async (place) => {
      place.write('tv/a', 'one\ntwo größe\n')
      await place.lines('out/tn', 2)
      return both(place, 'tn')
    },
    left: (place) => ({ file: place.rolled('out/tn') }),
    // How often it connects is a matter of time.
    unsteady: true,
  },
  {
    name: 'https that the environment describes',
    parts: straight('ts', http('ts', { ssl: true }), toFile('ts')),
    play: async (place) => both(place, 'ts'),
    unsteady: true,
  },
]
