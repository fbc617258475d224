/**
 * Regular expressions of a configuration on lines and names that are made to keep a backtracking engine busy for years:
 * the lines pass, and the rest of the agent is not kept waiting.
 */
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../agent/flow.ts'
import { temporaryFolder } from '../file-channel-rig.ts'
import { collectedFiles } from '../integration/collected-lines.ts'
import { LineClient } from '../integration/line-client.ts'
import { runSluice, SluiceProcess } from '../integration/sluice-process.ts'
import { unusedPort } from '../integration/two-tiers.ts'

let place: ReturnType<typeof temporaryFolder>
let agent: SluiceProcess | undefined
let client: LineClient | undefined
beforeEach(() => {
  place = temporaryFolder()
  for (const folder of ['watched', 'spooled', 'out']) fs.mkdirSync(path.join(place.folder, folder))
})
afterEach(async () => {
  client?.close()
  await agent?.kill()
  place.remove()
})

/** One agent that takes events of many lines, spooled files and lines by a port into one folder. */
function configure(patterns: { start: string; names: string; include: string }, port: number): void {
  fs.writeFileSync(
    path.join(place.folder, 'a.properties'),
    `
a.sources = tail spool lines
a.channels = c
a.sinks = k
a.sources.tail.type = TAILDIR
a.sources.tail.channels = c
a.sources.tail.filegroups = g
a.sources.tail.filegroups.g = watched/${patterns.names}
a.sources.tail.multiline.startPattern = ${patterns.start}
a.sources.tail.multiline.flushTimeout = 200
a.sources.spool.type = spooldir
a.sources.spool.channels = c
a.sources.spool.spoolDir = spooled
a.sources.spool.includePattern = ${patterns.include}
a.sources.lines.type = netcat
a.sources.lines.bind = 127.0.0.1
a.sources.lines.port = ${port}
a.sources.lines.channels = c
a.channels.c.type = file
a.sinks.k.type = file_roll
a.sinks.k.channel = c
a.sinks.k.sink.directory = out
`,
  )
}

const arguments_ = ['agent', '--conf-file', 'a.properties', '--name', 'a', '--data-dir', 'data', '--no-reload-conf']
const collected = () =>
  collectedFiles(path.join(place.folder, 'out')).flatMap((file) =>
    fs.readFileSync(file, 'utf8').split('\n').slice(0, -1),
  )

/** Whether the engine itself is busy with `pattern` on texts like this: on a short one, each unit doubles the time. */
function doubles(pattern: string, text: (units: number) => string): boolean {
  const took = (units: number) => {
    const begin = performance.now()
    new RegExp(pattern).test(text(units))
    return performance.now() - begin
  }
  took(10)
  return took(22) > 20 * took(14)
}

test('expressions that take for ever in the engine, on lines and names made for it: everything else goes on', async () => {
  const start = '^(?:\\w+\\s?)*:$'
  const names = '(?:[a-z]+)*\\.log'
  const line = (units: number) => `${'a'.repeat(units)}!`
  expect(doubles(start, line), 'the fault is one').toBe(true)
  expect(doubles(`^(?:${names})$`, line), 'the fault is one').toBe(true)

  const port = await unusedPort()
  configure(
    { start: start.replaceAll('\\', '\\\\'), names: names.replaceAll('\\', '\\\\'), include: '(a|a)*\\\\.txt' },
    port,
  )
  const watched = path.join(place.folder, 'watched')
  const hostileLine = line(5000)
  const hostileName = line(200)
  fs.writeFileSync(path.join(watched, hostileName), 'not of the group\n')
  fs.writeFileSync(path.join(place.folder, 'spooled', hostileName), 'not of the pattern\n')
  fs.writeFileSync(path.join(place.folder, 'spooled', 'aaa.txt'), 'spooled\n')
  fs.writeFileSync(path.join(watched, 'app.log'), `first begins:\n${hostileLine}\nnext begins:\nits line\n`)
  agent = new SluiceProcess(arguments_, { directory: place.folder })
  await eventually('lines arrive', () => collected().length >= 5, 10_000)
  client = await LineClient.connect(port)
  const begin = performance.now()
  expect(await client.ask('by the port')).toBe('OK')
  await eventually('what is fresh arrives', () => collected().includes('by the port'), 10_000)
  const status = await runSluice(['ctl', 'status', '--data-dir', 'data'], { directory: place.folder })
  expect(status).toMatchObject({ code: 0 })
  process.stdout.write(`a fresh line and a status: ${Math.round(performance.now() - begin)} ms\n`)
  expect(collected().sort()).toEqual(
    ['by the port', 'first begins:', hostileLine, 'next begins:', 'its line', 'spooled'].sort(),
  )
  const end = await agent.stop()
  expect(end).toMatchObject({ code: 0 })
  expect(end.took).toBeLessThan(5000)
})

test('expressions that nothing can follow in time are refused with their place, and nothing runs', async () => {
  configure(
    { start: '^(a+)+\\\\1$', names: '(?=a)(.+)+b(.+)+\\\\.log', include: '(?:(?!x).+)+y.txt' },
    await unusedPort(),
  )
  const { code, stderr, stdout } = await runSluice(['check', '--conf-file', 'a.properties', '--name', 'a'], {
    directory: place.folder,
  })
  expect(code).not.toBe(0)
  const said = stderr + stdout
  for (const key of ['tail.multiline.startPattern', 'tail.filegroups.g', 'spool.includePattern'])
    expect(said).toMatch(new RegExp(`a\\.properties:\\d+.*a\\.sources\\.${key.replaceAll('.', '\\.')}`))
  expect(said).toContain('can take hours on one text')
})
