/**
 * Sends events to an Avro source, the same bytes to whoever listens: several connections, on each one batch after the other, each
 * when the one before is acknowledged. A refused batch is sent again on a new connection, as a Flume sink does.
 *
 * Usage: avro-load.ts PORT EVENTS BATCH_SIZE CONNECTIONS
 */
import { systemClock } from '../../core/clock.ts'
import { Batch } from '../../core/event/batch.ts'
import type { ClientConnection } from '../../core/rpc/client-connection.ts'
import { connect } from '../../core/rpc/connect.ts'
import { batchOf } from './channel-put.ts'

const [port = 0, events = 0, batchSize = 1000, connections = 1] = process.argv.slice(2).map(Number)
const { bytes } = batchOf(batchSize)
let left = Math.ceil(events / batchSize)
let refused = 0

async function open(): Promise<ClientConnection> {
  for (;;)
    try {
      const limits = { connectTimeout: 20_000, requestTimeout: 60_000 }
      return await connect({ host: '127.0.0.1', port, clock: systemClock, ...limits })
    } catch {
      // It does not listen yet.
      await systemClock.sleep(50)
    }
}

async function send(): Promise<void> {
  let connection = await open()
  while (left > 0) {
    left--
    try {
      await connection.appendBatch([new Batch(bytes, batchSize)])
    } catch (error) {
      left++
      if (++refused > 1000) throw error
      await systemClock.sleep(100)
      connection = await open()
    }
  }
  connection.close()
}

await Promise.all(Array.from({ length: connections }, send))
console.log(`sent, ${refused} refused`)
