/** Machines that have too little of something, or a disk that turns away: what was acknowledged is delivered all the same. */
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { allArrived, compare } from '../integration/collected-lines.ts'
import { TwoTiers, unusedPort } from '../integration/two-tiers.ts'
import { eventually } from '../agent/flow.ts'
import { temporaryFolder } from '../file-channel-rig.ts'
import { runSluice } from '../integration/sluice-process.ts'
import { AcknowledgedLines } from './acknowledged-lines.ts'

const long = process.env.SLUICE_LONG === '1'
const root = process.platform === 'linux' && process.getuid?.() === 0
const memoryGroups = '/sys/fs/cgroup/memory'
const hasMemoryGroups = root && fs.existsSync(path.join(memoryGroups, 'memory.limit_in_bytes'))
const hasFilesystems = root && ['mkfs.ext4', 'e2fsck', 'losetup'].every((one) => spawnSync('which', [one]).status === 0)

let place: ReturnType<typeof temporaryFolder>
let disk: string
let lines: AcknowledgedLines
let mounted: string[]
beforeEach(() => {
  place = temporaryFolder()
  disk = path.join(place.folder, 'disk')
  fs.mkdirSync(disk)
  mounted = []
})
afterEach(async () => {
  await lines.end()
  for (const one of mounted) spawnSync('umount', ['-l', one])
  place.remove()
})

function mount(...words: string[]): void {
  execFileSync('mount', [...words, disk])
  if (!mounted.includes(disk)) mounted.push(disk)
}

const status = () => runSluice(['ctl', 'status', '--data-dir', path.join(disk, 'data')])

test.skipIf(!root)(
  'no inodes: no half-made channel, a message that says so, and it starts by itself when there are some (needs root)',
  async () => {
    mount('-t', 'tmpfs', '-o', 'size=32m,nr_inodes=64', 'tmpfs')
    const fillers: string[] = []
    const take = () => {
      for (;;)
        try {
          const filler = path.join(disk, `filler-${fillers.length}`)
          fs.writeFileSync(filler, '')
          fillers.push(filler)
        } catch (error) {
          expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC')
          return
        }
    }
    const data = path.join(disk, 'data')
    fs.mkdirSync(data)
    take()
    lines = new AcknowledgedLines(place.folder, data)
    // Not even its own files can be made: it ends, and says what is missing.
    const refused = await lines.start()
    expect((await refused.finished()).code).toBe(1)
    expect(refused.stderr).toMatch(/no space|ENOSPC|full/i)
    // Room for those, and none for the channel's.
    for (const filler of fillers.splice(-8)) fs.rmSync(filler)
    await lines.start({}, 'a.sources.r.max-line-length = 40000\na.channels.c.maxFileSize = 1048576\n')
    await new Promise((resolve) => setTimeout(resolve, 1500))
    for (const filler of fillers.splice(0)) fs.rmSync(filler)
    process.stdout.write(`a line passes ${Math.round(await lines.fresh())} ms after there were inodes\n`)
    // While it runs: the next segments cannot be made.
    take()
    const body = ` ${'x'.repeat(30_000)}`
    let taken = 0
    while (taken < 200 && (await lines.ask(body, 2_000)) === 'OK') taken++
    expect(taken, 'lines until there was no room for another segment').toBeLessThan(200)
    for (const filler of fillers.splice(0)) fs.rmSync(filler)
    const again = await lines.fresh()
    process.stdout.write(`${taken} lines without inodes; a line passes ${Math.round(again)} ms after there were some\n`)
    await lines.hold()
  },
)

test.skipIf(!hasFilesystems)(
  'a disk that turns read-only: nothing is acknowledged, the agent can be asked, and after its repair all is there (needs root, ext4)',
  async () => {
    const image = path.join(place.folder, 'image')
    fs.writeFileSync(image, '')
    fs.truncateSync(image, 64 << 20)
    execFileSync('mkfs.ext4', ['-q', image])
    mount('-o', 'loop,errors=remount-ro', image)
    const device = path.basename(execFileSync('findmnt', ['-no', 'SOURCE', disk], { encoding: 'utf8' }).trim())
    lines = new AcknowledgedLines(place.folder, path.join(disk, 'data'))
    await lines.start()
    for (let count = 0; count < 200; count++) expect(await lines.ask()).toBe('OK')
    fs.writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, 'broken on purpose')
    await eventually('the disk takes nothing any more', () => {
      try {
        fs.writeFileSync(path.join(disk, 'probe'), '')
        return false
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === 'EROFS'
      }
    })
    const before = lines.acknowledged.length
    for (let count = 0; count < 5; count++) expect(await lines.ask('', 1_500)).not.toBe('OK')
    expect(lines.acknowledged.length).toBe(before)
    const said = await status()
    expect(said.code, said.stderr).toBe(0)
    expect(said.stdout).toMatch(/read-only|EROFS|failed/)
    await lines.agent.kill()
    execFileSync('umount', [disk])
    spawnSync('e2fsck', ['-fy', image])
    mount('-o', 'loop', image)
    await lines.start()
    process.stdout.write(`a line passes ${Math.round(await lines.fresh())} ms after the repair\n`)
    await lines.hold()
  },
)

test.skipIf(!hasMemoryGroups)(
  `too little memory: whether or not the kernel ends it, what was acknowledged is delivered (needs root, cgroup v1)`,
  async () => {
    const group = path.join(memoryGroups, `sluice-torture-${process.pid}`)
    fs.mkdirSync(group)
    try {
      lines = new AcknowledgedLines(place.folder)
      const ends: string[] = []
      const limitTo = (bytes: number) => {
        try {
          fs.writeFileSync(path.join(group, 'memory.limit_in_bytes'), String(bytes))
        } catch (error) {
          // It cannot be pressed together as far as that.
          expect((error as NodeJS.ErrnoException).code).toBe('EBUSY')
        }
      }
      let limit = 0
      const begin = async () => {
        limitTo(-1)
        const agent = await lines.start({}, 'a.sources.r.max-line-length = 4000000\n')
        await lines.fresh()
        fs.writeFileSync(path.join(group, 'cgroup.procs'), String(agent.pid))
        // A little more than it has now, less than it needs under load; then less and less.
        limit = Number(fs.readFileSync(`/proc/${agent.pid}/statm`, 'utf8').split(' ')[1]) * 4096 + (8 << 20)
        limitTo(limit)
        return agent
      }
      let agent = await begin()
      const body = ` ${'x'.repeat(1_000_000)}`
      for (let count = 0; count < (long ? 2000 : 80); count++) {
        await lines.ask(body, 5_000)
        if (count % 4 === 3) limitTo((limit -= 4 << 20))
        if (!agent.running) {
          ends.push('killed')
          agent = await begin()
        }
      }
      const failures = Number(fs.readFileSync(path.join(group, 'memory.failcnt'), 'utf8'))
      expect(failures, 'times that the limit was met').toBeGreaterThan(0)
      process.stdout.write(`the limit was met ${failures} times, the agent killed ${ends.length} times\n`)
      fs.writeFileSync(path.join(group, 'memory.limit_in_bytes'), '-1')
      if (!agent.running) await begin()
      await lines.fresh()
      await lines.hold()
    } finally {
      await lines.end()
      fs.rmdirSync(group)
    }
  },
)

describe('processors that are hardly there', () => {
  let tiers: TwoTiers | undefined
  afterEach(async () => {
    await tiers?.remove()
  })

  test('a tier that gets a twentieth of the time: nobody is taken for dead, nothing comes twice', async () => {
    lines = new AcknowledgedLines(place.folder)
    tiers = new TwoTiers(await unusedPort(), ['a', 'b'])
    const collector = tiers.startCollector()
    await collector.says(/collecting/)
    const relay = tiers.startRelay()
    await relay.says(/relaying/)
    const over = new AbortController()
    let pauses = 0
    const starving = (async () => {
      while (!over.signal.aborted) {
        for (const [one, rest] of [
          ['SIGSTOP', 190],
          ['SIGCONT', 10],
        ] as const) {
          for (const { pid } of [collector, relay]) process.kill(pid, one)
          await new Promise((resolve) => setTimeout(resolve, rest))
        }
        pauses++
      }
    })()
    const seconds = long ? 60 : 8
    const start = performance.now()
    while (performance.now() - start < seconds * 1000) await tiers.write(200, 5_000, 50)
    const behind = tiers.bytes
    over.abort()
    await starving
    await tiers.arrived()
    expect(await compare(tiers.out, tiers.logs)).toEqual(allArrived(tiers.lines))
    expect({ pauses: pauses > seconds * 3, behind: behind > 0 }).toEqual({ pauses: true, behind: true })
    await Promise.all([relay.stop(), collector.stop()])
    expect(await tiers.received()).toEqual({ relay: tiers.lines, collector: tiers.lines })
    for (const { stderr } of [relay, collector]) expect(stderr).not.toMatch(/"level":"(?:error|warn)"/)
    process.stdout.write(`${tiers.lines} lines through two tiers with a twentieth of the time, ${pauses} pauses\n`)
  })
})
