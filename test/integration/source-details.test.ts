import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ControlClient } from '../../core/control/client.ts'
import { ControlServer } from '../../core/control/control-server.ts'
import { silentLog } from '../../core/log.ts'
import { eventually } from '../agent/flow.ts'
import { RunningFlow, toLogger } from '../agent/running-flow.ts'

let running: RunningFlow
beforeEach(() => {
  running = new RunningFlow()
})
afterEach(() => running.end())

async function start(type: string, more: string) {
  const agent = await running.start(toLogger(type, more))
  const client = new ControlClient(new ControlServer({ agent, log: silentLog }))
  const detail = async () => (await client.call('status', {})).sources[0]?.detail ?? {}
  return { agent, client, detail }
}

/** Asks until the answer is as it should be. */
async function until<Answer>(what: string, ask: () => Promise<Answer>, right: (answer: Answer) => boolean) {
  let answer: Answer | undefined
  let asking = false
  await eventually(
    what,
    () => {
      if (!asking) {
        asking = true
        void ask().then((one) => {
          asking = false
          if (right(one)) answer = one
        })
      }
      return answer !== undefined
    },
    20_000,
  )
  if (answer === undefined) throw new Error(what)
  return answer
}

const folder = (name: string) => {
  const path = join(running.directory, name)
  mkdirSync(path)
  return path
}

describe('what a source says of its files', () => {
  test('lag and since when, what is passed over and why', async () => {
    const logs = folder('logs')
    writeFileSync(join(logs, 'a.log'), 'one\ntwo\n')
    writeFileSync(join(logs, 'old.log.gz'), gzipSync('packed\n'))
    writeFileSync(join(logs, 'notes.txt'), 'not ours')
    mkdirSync(join(logs, 'sub.log'))
    symlinkSync(join(logs, 'a.log'), join(logs, 'link.log'))
    const settings = `a.sources.r.filegroups = g
a.sources.r.filegroups.g = ${logs}/.*\\.log(\\.gz)?
a.sources.r.followLinks = false
a.sources.r.pollInterval = 50
`
    const { agent, detail } = await start('taildir', settings)
    const read = await until('all is read', detail, ({ fileTotals }) => fileTotals?.files === 5 && fileTotals.lag === 0)
    const row = (rows: typeof read.files, name: string) => rows?.find(({ path }) => path.endsWith(name))
    expect(row(read.files, 'a.log')).toMatchObject({ size: 8, position: 8, lag: 0, behindSince: null, skipped: false })
    expect(row(read.files, 'old.log.gz')).toMatchObject({ lag: 0, skipped: false })
    expect(row(read.files, 'notes.txt')).toMatchObject({ skipped: true, note: 'its name matches no file group' })
    expect(row(read.files, 'sub.log')).toMatchObject({ skipped: true, note: 'it is a folder' })
    expect(row(read.files, 'link.log')).toMatchObject({ skipped: true, note: /symbolic link/ })
    expect(read.fileTotals).toMatchObject({ files: 5, skipped: 3, behind: 0 })

    agent.pause('r')
    const grownAt = Date.now()
    appendFileSync(join(logs, 'a.log'), 'x'.repeat(999) + '\n')
    const behind = await until('it is behind', detail, ({ fileTotals }) => fileTotals?.behind === 1)
    const file = row(behind.files, 'a.log')
    expect(file).toMatchObject({ size: 1008, position: 8, lag: 1000 })
    expect(Math.abs((file?.behindSince ?? 0) - grownAt)).toBeLessThan(2_000)
    agent.resume('r')
    await until('it has caught up', detail, ({ fileTotals }) => fileTotals?.lag === 0)
  })

  test('of thousands the status has those that need a look, and pages have all', async () => {
    const logs = folder('logs')
    const count = 2_000
    for (let index = 0; index < count; index++)
      writeFileSync(join(logs, `${String(index).padStart(4, '0')}.log`), `${'x'.repeat(index % 100)}\n`)
    const settings = `a.sources.r.filegroups = g\na.sources.r.filegroups.g = ${logs}/.*\\.log\na.sources.r.pollInterval = 50\n`
    const { agent, client, detail } = await start('taildir', settings)
    const all = await until(
      'all are read',
      detail,
      (one) => one.fileTotals?.files === count && one.fileTotals.lag === 0,
    )
    expect(all.files).toHaveLength(50)
    agent.pause('r')
    for (let index = 0; index < 5; index++)
      appendFileSync(join(logs, `000${index}.log`), `${'y'.repeat(10 * (index + 1))}\n`)
    const behind = await until('some are behind', detail, ({ fileTotals }) => fileTotals?.behind === 5)
    expect(behind.files?.slice(0, 5).map(({ lag }) => lag)).toEqual([51, 41, 31, 21, 11])
    const page = await client.call('sourceFiles', { source: 'r', order: 'path', offset: 1_998, limit: 10 })
    expect(page.matched).toBe(count)
    expect(page.files.map(({ path }) => path)).toEqual([join(logs, '1998.log'), join(logs, '1999.log')])
    const found = await client.call('sourceFiles', { source: 'source:r', filter: '/0003.LOG' })
    expect(found).toMatchObject({ matched: 1, files: [{ lag: 41 }] })
    expect((await client.call('sourceFiles', { source: 'r', only: 'behind' })).matched).toBe(5)
    await expect(client.call('sourceFiles', { source: 'nope' })).rejects.toMatchObject({ code: 'SLUICE_CONTROL' })
    const started = performance.now()
    for (let index = 0; index < 20; index++) agent.status()
    expect(performance.now() - started).toBeLessThan(200)
  })

  test('a spooling folder shows what waits, what is done and what it leaves alone', async () => {
    const spool = folder('spool')
    writeFileSync(join(spool, '.hidden'), '')
    writeFileSync(join(spool, 'done.COMPLETED'), '')
    writeFileSync(join(spool, 'a.tmp'), '')
    const settings = `a.sources.r.spoolDir = ${spool}\na.sources.r.ignorePattern = .*\\.tmp\na.sources.r.pollDelay = 50\n`
    const { agent, detail } = await start('spooldir', settings)
    const idle = await until('it has looked', detail, ({ fileTotals }) => fileTotals?.skipped === 3)
    const notes = new Map(idle.files?.map(({ path, note }) => [path.slice(spool.length + 1), note]))
    expect(notes).toEqual(
      new Map([
        ['.hidden', 'its name starts with a dot'],
        ['done.COMPLETED', 'it is read already'],
        ['a.tmp', 'its name matches ignorePattern'],
      ]),
    )
    agent.pause('r')
    for (const name of ['1.log', '2.log', '3.log']) writeFileSync(join(spool, name), 'line\n')
    const waiting = await until('they wait', detail, ({ fileTotals }) => fileTotals?.behind === 3)
    expect(waiting.fileTotals).toMatchObject({ files: 6, lag: 15 })
    agent.resume('r')
    await until('they are done', detail, ({ fileTotals }) => fileTotals?.skipped === 6 && fileTotals.files === 6)
  })
})

describe('what a source says of its ports', () => {
  test('peers with their rates', async () => {
    const { detail } = await start('netcat', 'a.sources.r.bind = 127.0.0.1\na.sources.r.port = 0\n')
    const socket = connect(running.port, '127.0.0.1')
    socket.resume()
    const sending = setInterval(() => socket.write('line\n'), 20)
    try {
      const rated = await until('its rate is known', detail, ({ ports }) => {
        const rate = ports?.[0]?.connections[0]?.eventsPerSecond
        return typeof rate === 'number' && rate > 0
      })
      expect(rated.ports?.[0]).toMatchObject({ connectionCount: 1, refused: 0, protocol: 'netcat' })
      expect(rated.ports?.[0]?.connections[0]?.eventsPerSecond).toBeLessThan(80)
    } finally {
      clearInterval(sending)
      socket.destroy()
    }
    await until('it is gone', detail, ({ ports }) => ports?.[0]?.connectionCount === 0)
  })

  test('who sends datagrams', async () => {
    const { detail } = await start('netcatudp', 'a.sources.r.bind = 127.0.0.1\na.sources.r.port = 0\n')
    const socket = createSocket('udp4')
    socket.send('hello\n', running.port, '127.0.0.1')
    const shown = await until('it is shown', detail, ({ ports }) => ports?.[0]?.connectionCount === 1)
    expect(shown.ports?.[0]?.connections[0]).toMatchObject({ peer: '127.0.0.1', events: 1, bytes: 6 })
    socket.close()
  })
})

test('an exec source shows its process and how it ended', async () => {
  const settings = `a.sources.r.command = echo once; sleep 0.2; exit 3
a.sources.r.shell = /bin/sh -c
a.sources.r.restart = true
a.sources.r.restartThrottle = 100
`
  const { detail } = await start('exec', settings)
  const first = await until('it runs', detail, ({ process }) => process !== undefined && process.pid !== null)
  expect(first.process?.command).toBe('/bin/sh -c echo once; sleep 0.2; exit 3')
  const again = await until('it ran again', detail, ({ process }) => (process?.restarts ?? 0) > 0)
  expect(again.process?.lastEnd).toBe('ended with exit code 3')
})
