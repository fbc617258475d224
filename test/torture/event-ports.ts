import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from 'vitest'
import { encodeAppendBatch } from '../../core/rpc/call.ts'
import { encodeHandshakeRequest } from '../../core/rpc/handshake.ts'
import { flumeHash } from '../../core/rpc/protocol.ts'
import { avroSource } from '../../core/source/avro/avro.ts'
import { httpSource } from '../../core/source/http/http.ts'
import { netcatSource } from '../../core/source/netcat/netcat.ts'
import type { Source, SourceContext } from '../../core/source/source.ts'
import { numberedBatch } from '../file-channel-rig.ts'
import { type avroPairs, lease } from '../unit/avro-pair.ts'

const shake = encodeHandshakeRequest({
  ...{ clientHash: flumeHash, clientProtocol: undefined, serverHash: flumeHash, meta: new Map() },
})

/** A kind of port that events come in by, as a test's own source, and what peers of it send. */
export interface EventPort {
  readonly type: string
  readonly make: (context: SourceContext, settings: Record<string, string>) => Source
  /** Its time limit. */
  readonly patience: Record<string, string>
  /** What begins a connection, of which half is no whole event; and what may follow it for ever. */
  readonly opening: Buffer
  readonly repeated: Buffer
  /** The head of a request of almost four megabytes. */
  readonly unfinished: Buffer
  /** A connection's worth that is answered. */
  readonly whole: Buffer
  /** Sends one event over a connection of its own and resolves when it was told that the event is stored. */
  readonly honest: (port: number, body: string) => Promise<void>
  /** Manners of peers that its time limits end. */
  readonly ends: readonly string[]
}

const request = (body: string) =>
  Buffer.from(`POST / HTTP/1.1\r\nHost: r\r\nContent-Length: ${body.length}\r\n\r\n${body}`)

/** A call whose answer, that there is no such message, is longer than itself. */
const unknownCall = Buffer.concat([Buffer.from('0000000200000001000000060008', 'hex'), Buffer.from('nope')])

const firstCall = Buffer.concat(encodeAppendBatch(1, [numberedBatch(0, 1, 1000)], undefined, shake))

const own = { bind: '127.0.0.1', port: '0' }
const jetty = Object.fromEntries(
  ['QueuedThreadPool.*', 'HttpConfiguration.*', 'SslContextFactory.*', 'ServerConnector.*'].map((key) => [key, {}]),
)

/** `pairs`: of which the honest clients of Avro come. */
export const eventPorts = ({ sink }: Pick<ReturnType<typeof avroPairs>, 'sink'>): readonly EventPort[] => [
  {
    type: 'netcat',
    make: (context, more) => netcatSource.create(netcatSource.settings.parse({ ...own, ...more }), context),
    patience: { answerTimeout: '1500' },
    opening: Buffer.from('x'.repeat(500)),
    repeated: Buffer.from('\n'.repeat(8000)),
    whole: Buffer.from('a line\n'),
    unfinished: Buffer.alloc(0),
    honest: async (port, body) => {
      const socket = connect(port, '127.0.0.1')
      let answer = ''
      socket.on('data', (text: Buffer) => (answer += text.toString()))
      socket.end(`${body}\n`)
      await once(socket, 'close')
      expect(answer).toBe('OK\n')
    },
    // Who says nothing, or little, may be at a keyboard.
    ends: ['half-closed', 'deaf'],
  },
  {
    type: 'http',
    make: (context, more) => httpSource.create(httpSource.settings.parse({ ...own, ...jetty, ...more }), context),
    patience: { requestTimeout: '1500' },
    opening: request(JSON.stringify([{ body: 'x'.repeat(1000) }])),
    whole: request('[{"body":"one"}]'),
    unfinished: Buffer.from('POST / HTTP/1.1\r\nHost: r\r\nContent-Length: 4000000\r\n\r\n'),
    repeated: Buffer.concat(Array.from({ length: 40 }, () => request(`[${'x'.repeat(2000)}`))),
    honest: async (port, body) => {
      const headers = { connection: 'close' }
      const answer = await fetch(`http://127.0.0.1:${port}/`, {
        method: 'POST',
        headers,
        body: JSON.stringify([{ body }]),
      })
      expect(answer.status).toBe(200)
    },
    ends: ['silent', 'drips', 'half-closed', 'deaf'],
  },
  {
    type: 'avro',
    make: (context, more) => avroSource.create(avroSource.settings.parse({ ...own, ...more }), context),
    patience: { handshakeTimeout: '1500' },
    opening: firstCall,
    whole: firstCall,
    // Serial 2, one buffer, of so many bytes.
    unfinished: Buffer.concat([firstCall, Buffer.from('0000000200000001003d0900', 'hex')]),
    repeated: Buffer.concat(Array.from({ length: 300 }, () => unknownCall)),
    honest: async (port, body) => {
      const { sink: sender } = await sink(port)
      await sender.deliver(lease([[body]]), new AbortController().signal)
      await sender.stop()
    },
    ends: ['silent', 'drips', 'half-closed', 'deaf'],
  },
]
