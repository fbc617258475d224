/**
 * One life of a channel, step by step, to be killed at any of them. Usage: node kill-cycle-child.ts FOLDER CYCLE. Below
 * FOLDER lie the channel and `witness`, to which is added what was promised to the world outside (see
 * disk-load-child.ts). It opens, fills several segments, has the first of them drained and removed, quarantines and drops
 * some events, puts again and closes. CYCLE tells the producers of several lives apart.
 */
import fs from 'node:fs'
import path from 'node:path'
import { makeFileChannel, numberedBatch, numbersOf } from '../file-channel-rig.ts'
import { cycleSettings } from './kill-cycle-settings.ts'

const [folder, cycle] = process.argv.slice(2)
if (folder === undefined || cycle === undefined) throw new Error('usage: kill-cycle-child.ts FOLDER CYCLE')
const stride = 100_000_000
const key = `tail/${cycle}`
const witness = fs.openSync(path.join(folder, 'witness'), 'a')
const note = (line: string) => fs.writeSync(witness, `${line}\n`)

const channelFolder = path.join(folder, 'channel')
const channel = makeFileChannel(channelFolder, cycleSettings)
const segments = () => fs.readdirSync(channelFolder).filter((name) => name.startsWith('segment-'))

async function put(batches: number): Promise<void> {
  for (; batches > 0; batches--) {
    const from = channel.position(key)?.offset ?? 0
    await channel.put(numberedBatch(Number(cycle) * stride + from, 20, 100), {
      position: { key, offset: from + 20, state: '{}' },
    })
    note(`P ${cycle} ${from + 20}`)
  }
}

async function take(events: number) {
  const lease = await channel.take(events, 1 << 20, 1000)
  if (lease === undefined) throw new Error('nothing waits in the channel')
  note(`G ${numbersOf(lease.batches).join(' ')}`)
  return lease
}

await channel.open()
await put(12)
const before = segments().length
for (let left = 6; left > 0; left--) await (await take(20)).ack()
while (segments().length >= before) await new Promise((resolve) => setTimeout(resolve, 2))
await (await take(7)).quarantine('refused by the sink')
await put(3)
const { ledger } = channel.stats()
const dropped = await take(5)
dropped.release()
const first = ledger.received - ledger.queued
await channel.drop([[first, first + 5]], 'by hand')
await put(1)
await channel.close(5000)
process.stdout.write('closed\n')
