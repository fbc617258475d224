import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fsck } from '../../core/channel/file/fsck.ts'
import { drainNumbers, ledgerBalance, makeFileChannel, numberedBatch, temporaryFolder } from '../file-channel-rig.ts'
import { LineClient } from '../integration/line-client.ts'
import { SluiceProcess } from '../integration/sluice-process.ts'

const copies = process.env.SLUICE_LONG === '1' ? 100 : 6
const stride = 100_000_000

let place: ReturnType<typeof temporaryFolder>
const processes: SluiceProcess[] = []
beforeEach(() => {
  place = temporaryFolder()
})
afterEach(async () => {
  for (const one of processes.splice(0)) await one.kill()
  place.remove()
})

/** As `cp -r` does it: name by name, each file as it is at that moment; what has gone since the listing is passed over. */
function copyRunning(from: string, to: string): void {
  fs.mkdirSync(to)
  for (const name of fs.readdirSync(from))
    try {
      fs.copyFileSync(path.join(from, name), path.join(to, name))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
}

test(`a channel folder copied ${copies} times while events flow through it: each copy opens, with books that balance`, async () => {
  const folder = path.join(place.folder, 'channel')
  const child = path.join(import.meta.dirname, 'channel-kill-child.ts')
  const running = spawn(process.execPath, [child, folder, path.join(place.folder, 'ledger')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(running, 'exit')
  try {
    await Promise.race([once(running.stdout, 'data'), exited.then(() => expect.unreachable('it did not open'))])
    let events = 0
    for (let number = 0; number < copies; number++) {
      await sleep(150)
      const copy = path.join(place.folder, `copy-${number}`)
      copyRunning(folder, copy)
      await fsck(copy)
      const channel = makeFileChannel(copy, { segmentSize: 2 << 20, hotTail: 0 })
      try {
        await channel.open()
        expect(ledgerBalance(channel), 'balance').toBe(0)
        await channel.put(numberedBatch(9 * stride, 3))
        const drained = await drainNumbers(channel)
        // No event twice, each producer's in order, and the fresh ones behind them.
        expect(new Set(drained).size).toBe(drained.length)
        for (const producer of [0, 1, 2, 3]) {
          const own = drained.filter((event) => Math.floor(event / stride) === producer)
          expect(own).toEqual([...own].sort((one, other) => one - other))
        }
        expect(drained.slice(-3)).toEqual([9 * stride, 9 * stride + 1, 9 * stride + 2])
        expect(ledgerBalance(channel), 'balance in the end').toBe(0)
        events += drained.length
      } finally {
        await channel.close(2000)
        fs.rmSync(copy, { recursive: true })
      }
    }
    expect(running.exitCode, 'the one that was copied runs on').toBeNull()
    expect(events).toBeGreaterThan(copies * 10)
  } finally {
    running.kill('SIGKILL')
    await exited
  }
})

test('two agents on one folder: the second says who has it and ends, the first does not notice', async () => {
  const file = path.join(place.folder, 'a.properties')
  fs.writeFileSync(
    file,
    `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = netcat
a.sources.r.bind = 127.0.0.1
a.sources.r.port = 0
a.sources.r.channels = c
a.channels.c.type = file
a.sinks.k.type = logger
a.sinks.k.channel = c
`,
  )
  const args = ['agent', '-n', 'a', '-f', file, '--data-dir', path.join(place.folder, 'data')]
  const first = new SluiceProcess(args)
  processes.push(first)
  const [, port] = await first.says(/listening on 127\.0\.0\.1:(\d+)/)
  const client = await LineClient.connect(Number(port))
  expect(await client.ask('before')).toBe('OK')
  const second = new SluiceProcess(args)
  processes.push(second)
  const end = await second.finished(10_000)
  expect(end.code).not.toBe(0)
  expect(end.signal).toBeNull()
  expect(second.stderr + second.stdout).toContain('already')
  expect(second.stderr + second.stdout).toContain(String(first.pid))
  expect(await client.ask('after')).toBe('OK')
  client.close()
  await first.says(/after/)
  expect(await first.stop()).toMatchObject({ code: 0 })
})
