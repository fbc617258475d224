import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { drainNumbers, ledgerBalance, makeFileChannel, temporaryFolder } from '../file-channel-rig.ts'

const kills = Number(process.env.SLUICE_KILLS ?? 15)
const stride = 100_000_000
const child = path.join(import.meta.dirname, 'channel-kill-child.ts')

/** Runs the child and kills it some time after it is open; every third time while it is still opening. */
async function runAndKill(folder: string, ledger: string, kill: number): Promise<void> {
  const running = spawn(process.execPath, [child, folder, ledger], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(running, 'exit')
  const opened = once(running.stdout, 'data')
  if (kill % 3 === 2)
    await Promise.race([opened, new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 300))])
  else {
    await opened
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 500))
  }
  running.kill('SIGKILL')
  await exited
}

function lines(file: string): string[] {
  return fs.existsSync(file)
    ? fs
        .readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : []
}

test(`${kills} times kill -9: nothing acknowledged is lost, every event is stored once, the ledger balances`, async () => {
  const place = temporaryFolder()
  const folder = path.join(place.folder, 'channel')
  const ledger = path.join(place.folder, 'ledger')
  try {
    for (let kill = 0; kill < kills; kill++) await runAndKill(folder, ledger, kill)
    const channel = makeFileChannel(folder, { segmentSize: 2 << 20 })
    await channel.open()
    const { ledger: books } = channel.stats()
    const stored = [0, 1, 2, 3].map((producer) => channel.position(`tail/${producer}`)?.offset ?? 0)
    const acknowledged = [0, 0, 0, 0]
    for (const line of lines(`${ledger}.put`)) {
      const [producer, offset] = line.split(' ').map(Number)
      acknowledged[producer!] = Math.max(acknowledged[producer!]!, offset!)
    }
    const rest = await drainNumbers(channel)
    expect(acknowledged.reduce((sum, offset) => sum + offset, 0)).toBeGreaterThan(kills * 1000)
    stored.forEach((offset, producer) => expect(offset).toBeGreaterThanOrEqual(acknowledged[producer]!))
    // Positions and events are one write: exactly as many events came in as the positions say.
    expect(books.received).toBe(stored.reduce((sum, offset) => sum + offset, 0))
    expect(books.lost).toBe(0)
    expect(ledgerBalance(channel)).toBe(0)
    expect(channel.stats().events).toBe(0)
    const seen = new Set(rest)
    expect(seen.size, 'what was drained at the end came twice').toBe(rest.length)
    for (const line of lines(`${ledger}.got`)) for (const number of line.split(' ')) seen.add(Number(number))
    const missing: number[] = []
    stored.forEach((offset, producer) => {
      for (let number = 0; number < offset; number++)
        if (!seen.has(producer * stride + number)) missing.push(producer * stride + number)
    })
    expect(missing).toEqual([])
    await channel.close(2000)
  } finally {
    place.remove()
  }
})
