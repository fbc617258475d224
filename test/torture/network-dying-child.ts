/**
 * Senders that are to die with their machine: HOST PORT COUNT. Opens that many connections to an Avro source. A line on
 * stdin later it sends at once, over a third of them each: nothing, an empty call, and a call of a megabyte.
 */
import { once } from 'node:events'
import { systemClock } from '../../core/clock.ts'
import { connect } from '../../core/rpc/connect.ts'
import { batchOf } from '../agent/flow.ts'

const [host = '', port = '0', count = '0'] = process.argv.slice(2)
const patience = { clock: systemClock, connectTimeout: 20_000, requestTimeout: 3_600_000 }
const connections = await Promise.all(
  Array.from({ length: Number(count) }, () => connect({ host, port: Number(port), ...patience })),
)
process.stdout.write('all are there\n')
await once(process.stdin, 'data')
const large = batchOf(['x'.repeat(1 << 20)])
connections.forEach((connection, at) => {
  if (at % 3 > 0) void connection.appendBatch([at % 3 === 1 ? batchOf([]) : large], undefined)
})
process.stdout.write('sent\n')
setInterval(() => undefined, 1000)
