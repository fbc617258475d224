import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { portTaken } from '../../core/cli/command/free-port.ts'
import { LineClient } from './line-client.ts'
import { SluiceProcess } from './sluice-process.ts'
import { unusedPort } from './two-tiers.ts'

/** Word for word the first example of Flume's user guide. */
const example = `# example.conf: A single-node Flume configuration

# Name the components on this agent
a1.sources = r1
a1.sinks = k1
a1.channels = c1

# Describe/configure the source
a1.sources.r1.type = netcat
a1.sources.r1.bind = localhost
a1.sources.r1.port = 44444

# Describe the sink
a1.sinks.k1.type = logger

# Use a channel which buffers events in memory
a1.channels.c1.type = memory
a1.channels.c1.capacity = 1000
a1.channels.c1.transactionCapacity = 100

# Bind the source and sink to the channel
a1.sources.r1.channels = c1
a1.sinks.k1.channel = c1
`

describe("Flume's first flow", () => {
  let directory: string
  let agent: SluiceProcess | undefined
  let client: LineClient | undefined

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-first-'))
  })
  afterEach(async () => {
    client?.close()
    await agent?.kill()
    rmSync(directory, { recursive: true, force: true })
  })

  it('takes what is typed into the port and logs it as Flume prints it', async () => {
    const port = (await portTaken('localhost', 44444)) ? await unusedPort() : 44444
    writeFileSync(join(directory, 'example.conf'), example.replace('44444', String(port)))
    agent = new SluiceProcess(
      [
        ...['agent', '--conf', 'conf', '--conf-file', 'example.conf', '--name', 'a1'],
        ...['--data-dir', 'data', '-Dflume.root.logger=INFO,console'],
      ],
      { directory },
    )
    client = await LineClient.connect(port)
    expect(await client.ask('Hello world!')).toBe('OK')
    expect(await client.ask('Hello world!\r')).toBe('OK')
    await agent.says(/ 21 0D .*\n/)
    const events = agent.stderr.split('\n').filter((line) => line.includes('Event: {'))
    const time = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO {2}\S*k1 {2}/
    expect(events.map((line) => line.replace(time, ''))).toEqual([
      'Event: { headers:{} body: 48 65 6C 6C 6F 20 77 6F 72 6C 64 21             Hello world! }',
      'Event: { headers:{} body: 48 65 6C 6C 6F 20 77 6F 72 6C 64 21 0D          Hello world!. }',
    ])
    const end = await agent.stop()
    expect(end).toMatchObject({ code: 0, signal: null })
    expect(end.took).toBeLessThan(5000)
  })

  it('applies a change of the file, and refuses a bad one while the old flow runs on', async () => {
    const ports = [await unusedPort(), await unusedPort()] as const
    const file = join(directory, 'example.conf')
    const flow = (port: number) => example.replace('44444', String(port))
    writeFileSync(file, flow(ports[0]))
    agent = new SluiceProcess(['agent', '-n', 'a1', '-f', file, '--data-dir', join(directory, 'data')])
    client = await LineClient.connect(ports[0])
    expect(await client.ask('one')).toBe('OK')
    writeFileSync(file, flow(ports[0]).replace('a1.sinks.k1.type = logger', 'a1.sinks.k1.type = loger'))
    await agent.says(/loger/)
    expect(agent.stderr).toContain('example.conf')
    expect(agent.stderr).toContain('logger')
    expect(await client.ask('two')).toBe('OK')
    writeFileSync(file, flow(ports[1]))
    const second = await LineClient.connect(ports[1])
    expect(await second.ask('three')).toBe('OK')
    second.close()
    await agent.says(/74 68 72 65 65/)
    expect((await agent.stop()).code).toBe(0)
  })
})
