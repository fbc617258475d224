import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fc } from '../property-checks.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LineCutter } from '../../core/source/exec/line-cutter.ts'
import { RunningFlow, toLogger } from '../agent/running-flow.ts'

let flow: RunningFlow
beforeEach(() => {
  flow = new RunningFlow()
})
afterEach(() => flow.end())

const start = (more: string) => flow.start(toLogger('exec', more))

describe('an exec source', () => {
  it('makes events of what a shell text prints, the last line too when it has no newline', async () => {
    await start(
      'a.sources.r.shell = /bin/sh -c\na.sources.r.command = for i in 1 2 3; do echo line $i; done; printf end\n',
    )
    await expect.poll(() => flow.bodies).toEqual(['line 1', 'line 2', 'line 3', 'end'])
  })

  it('gives slow lines away after batchTimeout', async () => {
    await start(
      'a.sources.r.shell = /bin/sh -c\na.sources.r.command = echo now; sleep 30\na.sources.r.batchTimeout = 50\n',
    )
    await expect.poll(() => flow.bodies).toEqual(['now'])
  })

  it('loses nothing when the channel is much slower than the command', async () => {
    await start(
      'a.sources.r.shell = /bin/sh -c\na.sources.r.command = seq 1 3000\na.sources.r.batchSize = 10\n' +
        'a.channels.c.capacity = 10\na.channels.c.transactionCapacity = 10\na.channels.c.keep-alive = 0\n',
    )
    await expect.poll(() => flow.bodies.length, { timeout: 10_000 }).toBe(3000)
    expect(flow.bodies).toEqual(Array.from({ length: 3000 }, (_, index) => String(index + 1)))
  })

  it('starts a command again when it should', async () => {
    await start('a.sources.r.command = echo again\na.sources.r.restart = true\na.sources.r.restartThrottle = 20\n')
    await expect.poll(() => flow.bodies.length).toBeGreaterThan(2)
  })

  it('ends the command and all that it started when it stops', async () => {
    const pidFile = join(flow.directory, 'pid')
    const script = join(flow.directory, 'tree.sh')
    writeFileSync(script, `sleep 60 & echo $! > ${pidFile}; echo up; wait\n`)
    const agent = await start(`a.sources.r.command = /bin/sh ${script}\na.sources.r.batchSize = 1\n`)
    await expect.poll(() => flow.bodies).toEqual(['up'])
    const pid = Number(readFileSync(pidFile, 'utf8'))
    await agent.stop()
    // A zombie that nobody has waited for yet has no command line.
    const alive = () => existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
    await expect.poll(alive).toBe(false)
  })

  it('says that a command is not there, and goes on with the rest of the agent', async () => {
    await start('a.sources.r.command = /no/such/program\n')
    await expect.poll(() => flow.lines.find((line) => line.includes('/no/such/program'))).toBeDefined()
  })
})

describe('cutting lines', () => {
  it('is the same however the bytes arrive, and never keeps more than the limit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'bb', '\n', '\r', '\r\n', 'ccccccc'), { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (parts, sizes) => {
          const text = parts.join('')
          const cut: string[] = []
          const cutter = new LineCutter(5)
          const add = (body: Buffer) => void cut.push(body.toString())
          for (let at = 0, step = 0; at < text.length; step++) {
            const size = sizes[step % sizes.length] ?? 1
            cutter.add(Buffer.from(text.slice(at, at + size)), add)
            at += size
          }
          cutter.end(add)
          const lines = text.split(/\r\n|\r|\n/)
          const last = lines.pop() ?? ''
          const pieces = (line: string) => line.match(/.{1,5}/g) ?? ['']
          expect(cut).toEqual([...lines.flatMap(pieces), ...(last === '' ? [] : pieces(last))])
        },
      ),
    )
  })
})
