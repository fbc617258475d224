/** Opens many connections to an Avro source, sends one event over each, and keeps them: HOST PORT COUNT. */
import { systemClock } from '../../core/clock.ts'
import { connect } from '../../core/rpc/connect.ts'
import { batchOf } from '../agent/flow.ts'

const [host = '', port = '0', count = '0'] = process.argv.slice(2)
for (let made = 0; made < Number(count); made++) {
  const connection = await connect({
    host,
    port: Number(port),
    clock: systemClock,
    connectTimeout: 10_000,
    requestTimeout: 10_000,
  })
  await connection.appendBatch([batchOf([])], undefined)
}
process.stdout.write('all are there\n')
setInterval(() => undefined, 1000)
