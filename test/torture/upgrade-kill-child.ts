/**
 * The first life of today's version on a channel folder of an older format, to be killed at any step. Usage: node
 * upgrade-kill-child.ts FOLDER. It opens FOLDER/channel, sends on some of what waits, puts, and closes. To
 * FOLDER/witness it adds `G NUMBER…` for what it was given, and `P` when its events are stored.
 */
import fs from 'node:fs'
import path from 'node:path'
import { makeFileChannel, numberedBatch, numbersOf } from '../file-channel-rig.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: upgrade-kill-child.ts FOLDER')
const witness = fs.openSync(path.join(folder, 'witness'), 'a')
const note = (line: string) => fs.writeSync(witness, `${line}\n`)
const channel = makeFileChannel(path.join(folder, 'channel'), { segmentSize: 8 << 10, hotTail: 0 })
await channel.open()
for (let left = 3; left > 0; left--) {
  const lease = await channel.take(20, 1 << 20, 1000)
  if (lease === undefined) throw new Error('nothing waits in the channel')
  note(`G ${numbersOf(lease.batches).join(' ')}`)
  await lease.ack()
}
await channel.put(numberedBatch(1000, 10, 40))
note('P')
await channel.close(5000)
process.stdout.write('closed\n')
