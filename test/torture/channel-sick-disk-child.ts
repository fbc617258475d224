/** Puts through a disk that fails and heals, then says in JSON what came of it. Usage: child FOLDER, with SICK_DISK. */
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isSluiceError } from '../../core/errors.ts'
import { drainNumbers, ledgerBalance, makeFileChannel, numberedBatch, range } from '../file-channel-rig.ts'

const folder = process.argv[2]
const sick = process.env.SICK_DISK
if (folder === undefined || sick === undefined) throw new Error('usage: SICK_DISK=… channel-sick-disk-child.ts FOLDER')
const channel = makeFileChannel(folder, { hotTail: 0 })
await channel.open()
let next = 0
const stored: number[] = []
const outcome: Record<string, string> = {}

async function put(step: string): Promise<void> {
  const first = next
  next += 10
  try {
    await channel.put(numberedBatch(first, 10))
    stored.push(...range(first, first + 10))
    outcome[step] = 'stored'
  } catch (error) {
    outcome[step] = isSluiceError(error) ? error.code : String(error)
  }
}

async function running(): Promise<void> {
  for (let wait = 0; channel.stats().state !== 'running' && wait < 200; wait++) await sleep(50)
}

await put('well')
fs.writeFileSync(`${sick}.sync`, '')
await put('one fault')
fs.rmSync(`${sick}.sync`)
await put('after one fault')
fs.writeFileSync(`${sick}.sync`, '')
await put('first of two faults')
await put('second of two faults')
outcome.state = channel.stats().state
fs.rmSync(`${sick}.sync`)
await running()
await put('after two faults')
fs.writeFileSync(`${sick}.fsync`, '')
await sleep(1500)
await put('index cannot sync')
fs.rmSync(`${sick}.fsync`)
await sleep(1500)
await put('healed')
const got = await drainNumbers(channel)
process.stdout.write(JSON.stringify({ outcome, stored, got, balance: ledgerBalance(channel) }))
await channel.close(2000)
