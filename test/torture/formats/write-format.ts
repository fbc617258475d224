/**
 * Writes a channel folder of today's format as a fixture for later versions. Run it once for each released format:
 * `node test/torture/formats/write-format.ts NUMBER`. What it holds is described in `upgrade.test.ts`.
 */
import fs from 'node:fs'
import path from 'node:path'
import { BatchBuilder } from '../../../core/event/batch-builder.ts'
import { makeFileChannel, numberedBatch } from '../../file-channel-rig.ts'

const format = process.argv[2]
if (format === undefined) throw new Error('usage: write-format.ts NUMBER')
const folder = path.join(import.meta.dirname, format)
fs.rmSync(folder, { recursive: true, force: true })
const channel = makeFileChannel(folder, { segmentSize: 8 << 10, hotTail: 0 })
await channel.open()
for (let first = 0; first < 200; first += 10)
  await channel.put(numberedBatch(first, 10, 40), {
    position: { key: 'r1/app.log', offset: first + 10, state: '{"from":"format"}' },
  })
await (await channel.take(35, 1 << 20, 1000))!.ack()
await (await channel.take(5, 1 << 20, 1000))!.quarantine('refused by the sink')
await channel.put(numberedBatch(200, 10, 40), {
  identity: { sender: '00112233445566778899aabbccddeeff', firstEvent: 700, floor: 0 },
})
const odd = new BatchBuilder()
odd.addEvent(new Map([['schlüssel', 'größe €']]), Buffer.from([0, 0xff, 10, 13]))
odd.addEvent(new Map(), Buffer.alloc(0))
await channel.put(odd.finish())
await channel.close(5000)
for (const passing of ['lock', 'owner']) fs.rmSync(path.join(folder, passing), { force: true })
