/**
 * Puts and takes on a disk that is recorded or fails. Usage: node disk-load-child.ts FOLDER BATCHES. Below FOLDER lie
 * the channel and `witness`, to which goes what was promised to the world outside: `P producer offset` after a put was
 * acknowledged, `G number …` before events are acknowledged to the channel, `X code` for a put that was refused. After
 * BATCHES puts a producer ends. It lives until it is killed and says `done` when all producers have ended.
 */
import fs from 'node:fs'
import path from 'node:path'
import { systemCode, isSluiceError } from '../../core/errors.ts'
import { makeFileChannel, numberedBatch, numbersOf } from '../file-channel-rig.ts'

const [folder, batches] = process.argv.slice(2)
if (folder === undefined || batches === undefined) throw new Error('usage: disk-load-child.ts FOLDER BATCHES')
/** Numbers of different producers never meet. */
const stride = 100_000_000
const witness = fs.openSync(path.join(folder, 'witness'), 'w')
let witnessed = 0
function note(line: string): void {
  witnessed += fs.writeSync(witness, `${line}\n`, witnessed)
}

const channel = makeFileChannel(path.join(folder, 'channel'), { segmentSize: 96 << 10, hotTail: 32 << 10 })
await channel.open()
process.stdout.write('open\n')

async function produce(producer: number): Promise<void> {
  const key = `tail/${producer}`
  for (let left = Number(batches); left > 0;) {
    // Where it goes on after a refusal is what the channel says, as a file's reader does it.
    const from = channel.position(key)?.offset ?? 0
    const count = 1 + ((from * 7919) % 40)
    try {
      await channel.put(numberedBatch(producer * stride + from, count, (from * 31) % 300), {
        position: { key, offset: from + count, state: '{}' },
      })
      note(`P ${producer} ${from + count}`)
      left--
    } catch (error) {
      note(`X ${isSluiceError(error) ? error.code : (systemCode(error) ?? String(error))}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

async function consume(): Promise<never> {
  for (;;) {
    const lease = await channel.take(60, 1 << 20, 1000).catch(() => undefined)
    if (lease === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      continue
    }
    const numbers = numbersOf(lease.batches)
    note(`G ${numbers.join(' ')}`)
    if (numbers[0]! % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    if (Math.random() < 0.2) lease.release()
    else if (Math.random() < 0.03) await lease.quarantine('refused by the sink').catch(() => undefined)
    else await lease.ack()
  }
}

void consume()
await Promise.all([0, 1, 2].map(produce))
note(`S ${JSON.stringify(channel.stats().state)}`)
process.stdout.write('done\n')
setInterval(() => undefined, 1000)
