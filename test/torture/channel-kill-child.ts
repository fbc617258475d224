/**
 * Puts and takes until it is killed. Usage: node channel-kill-child.ts FOLDER LEDGER. What was acknowledged to a
 * producer is written to `LEDGER.put` after the put, what was delivered to `LEDGER.got` before its acknowledgement.
 */
import fs from 'node:fs'
import { makeFileChannel, numberedBatch, numbersOf } from '../file-channel-rig.ts'

const [folder, ledger] = process.argv.slice(2)
if (folder === undefined || ledger === undefined) throw new Error('usage: channel-kill-child.ts FOLDER LEDGER')
/** Numbers of different producers never meet. */
const stride = 100_000_000
const put = fs.openSync(`${ledger}.put`, 'a')
const got = fs.openSync(`${ledger}.got`, 'a')
const channel = makeFileChannel(folder, { segmentSize: 2 << 20, hotTail: 1 << 20, capacity: 200_000 })
await channel.open()
process.stdout.write('open\n')

async function produce(producer: number): Promise<void> {
  const key = `tail/${producer}`
  for (;;) {
    const from = channel.position(key)?.offset ?? 0
    const count = 1 + ((from * 7919) % 400)
    await channel.put(numberedBatch(producer * stride + from, count, 200), {
      position: { key, offset: from + count, state: '{}' },
    })
    fs.writeSync(put, `${producer} ${from + count}\n`)
  }
}

async function consume(): Promise<void> {
  for (;;) {
    const lease = await channel.take(500, 1 << 20, 1000)
    if (lease === undefined) continue
    const numbers = numbersOf(lease.batches)
    fs.writeSync(got, `${numbers.join(' ')}\n`)
    if (numbers[0]! % 17 === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    // At random: a lease that always went back by its first number would stop the queue for good.
    if (Math.random() < 0.2) lease.release()
    else await lease.ack()
  }
}

await Promise.all([0, 1, 2, 3].map(produce).concat(consume(), consume()))
