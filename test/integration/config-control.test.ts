import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Agent } from '../../core/agent/agent.ts'
import { ConfigFiles } from '../../core/cli/command/config-access.ts'
import { systemClock } from '../../core/clock.ts'
import { builtinRegistry } from '../../core/component/builtin.ts'
import { loadConfig } from '../../core/config/load.ts'
import { ControlClient } from '../../core/control/client.ts'
import { ControlServer } from '../../core/control/control-server.ts'
import { silentLog } from '../../core/log.ts'
import { eventually } from '../agent/flow.ts'

let directory: string
const endings: (() => Promise<unknown>)[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-config-'))
})
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
  rmSync(directory, { recursive: true, force: true })
})

const text = (port: number, channel = 'file', more = '') => `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = ${port}
a1.sources.r1.channels = c1
a1.channels.c1.type = ${channel}
a1.channels.c1.capacity = 1000
a1.channels.c1.transactionCapacity = 100
a1.sinks.k1.type = null
a1.sinks.k1.channel = c1
${more}`

async function serve(channel = 'file', more = '') {
  const port = 0
  const path = join(directory, 'a1.conf')
  writeFileSync(path, text(port, channel, more))
  const registry = builtinRegistry()
  const options = { agent: 'a1', files: [{ path }], registry, baseDirectory: directory }
  const { config, findings } = await loadConfig(options)
  if (config === undefined) throw new Error(JSON.stringify(findings))
  const dataDirectory = join(directory, 'data')
  const agent = new Agent({ config, registry, dataDirectory, baseDirectory: directory, log: silentLog })
  await agent.start()
  endings.push(() => agent.stop())
  const files = new ConfigFiles(agent, options, { clock: systemClock, log: silentLog })
  await files.record('start')
  const client = new ControlClient(new ControlServer({ agent, config: files, log: silentLog }))
  return { client, agent, path, port }
}

/** Pauses the sink and sends lines, so that they wait. */
async function queue(client: ControlClient, lines: number) {
  await client.call('pause', { component: 'k1' })
  const port = (await client.call('status', {})).sources[0]?.detail?.ports?.[0]?.port ?? 0
  const socket = connect(port, '127.0.0.1')
  socket.resume()
  for (let line = 0; line < lines; line++) socket.write(`line ${line}\n`)
  let waiting = 0
  const look = () => void client.call('status', {}).then(({ channels }) => (waiting = channels[0]?.events ?? 0))
  await eventually('the lines wait', () => (look(), waiting === lines))
  socket.destroy()
}

describe('a preview of a configuration', () => {
  test('warns at their lines of a port, a key store and folders that this machine does not give', async () => {
    const { client, path, port } = await serve()
    const [taken = 0, alsoTaken = 0] = await Promise.all(
      [1, 2].map(async () => {
        const other = createServer()
        await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
        endings.push(() => new Promise((resolve) => other.close(resolve)))
        const address = other.address()
        return typeof address === 'object' ? (address?.port ?? 0) : 0
      }),
    )
    const after = `${text(port)
      .replace(`port = ${port}`, `port = ${taken}`)
      .replace('k1.type = null', 'k1.type = file_roll')
      .replace('a1.sources = r1', 'a1.sources = r1 r2')}a1.sinks.k1.sink.directory = ${directory}/out
a1.sources.r2.type = avro
a1.sources.r2.bind = 127.0.0.1
a1.sources.r2.port = ${alsoTaken}
a1.sources.r2.ssl = true
a1.sources.r2.keystore = none.p12
a1.sources.r2.channels = c1
`
    const { findings, applicable } = await client.call('configPreview', { files: [{ path, text: after }] })
    expect(findings.map(({ severity, line, key, message }) => [severity, line, key, message])).toEqual([
      ['warning', 6, 'a1.sources.r1.port', expect.stringContaining('something else listens there')],
      ['warning', 16, 'a1.sources.r2.port', expect.stringContaining('something else listens there')],
      ['warning', 18, 'a1.sources.r2.keystore', expect.stringContaining(join(directory, 'none.p12'))],
      ['warning', 13, 'a1.sinks.k1.sink.directory', `the folder ${directory}/out does not exist`],
    ])
    expect(applicable).toBe(true)
    const same = await client.call('configPreview', { files: [{ path, text: text(port, 'file', '# as it was') }] })
    expect(same.findings).toEqual([])
  })

  test('says what changes, what it means for queued events, and shows the difference', async () => {
    const { client, path, port } = await serve()
    await queue(client, 12)
    const after = text(port).replace('transactionCapacity = 100', 'transactionCapacity = 200')
    const preview = await client.call('configPreview', { files: [{ path, text: after }] })
    expect(preview).toMatchObject({ applicable: true, findings: [], summary: 'c1, r1, k1 restarted' })
    const limits = text(port).replace('.capacity = 1000', '.capacity = 900')
    const inPlace = await client.call('configPreview', { files: [{ path, text: limits }] })
    expect(inPlace.changes).toEqual([
      {
        ...{ kind: 'channel', name: 'c1', type: 'file', change: 'in place', why: 'capacity changed', refused: false },
        settings: [{ key: 'capacity', before: '1000', after: '900' }],
        events: '12 events stay queued; nothing stops',
      },
    ])
    expect(inPlace.diffs[0]).toMatchObject({ path, added: 1, removed: 1 })
    expect(inPlace.diffs[0]?.text).toContain('-a1.channels.c1.capacity = 1000\n+a1.channels.c1.capacity = 900\n')
    // It was only looked at.
    expect((await client.call('status', {})).channels[0]).toMatchObject({ events: 12, capacity: 1000 })
    expect(readFileSync(path, 'utf8')).toBe(text(port))
  })

  test('says where the events of a channel stay that goes', async () => {
    const { client, path, port } = await serve()
    await queue(client, 3)
    const after = text(port).replaceAll('c1', 'c2')
    const { changes, applicable } = await client.call('configPreview', { files: [{ path, text: after }] })
    expect(applicable).toBe(true)
    const byName = new Map(changes.map((one) => [`${one.kind} ${one.name}`, one]))
    const folder = join(directory, 'data', 'channels', 'c1')
    expect(byName.get('channel c1')).toMatchObject({ change: 'removed' })
    expect(byName.get('channel c1')?.events).toMatch(`3 events stay on disk in ${folder} and are not delivered until`)
    expect(byName.get('channel c2')).toMatchObject({ change: 'added' })
    expect(byName.get('source r1')).toMatchObject({ change: 'restarted', why: 'channels changed' })
  })

  test('says that it would be refused, as applying is', async () => {
    const { client, path, port } = await serve('memory')
    await queue(client, 2)
    const files = [{ path, text: text(port, 'file') }]
    const preview = await client.call('configPreview', { files })
    expect(preview.applicable).toBe(false)
    expect(preview.summary).toBe('it would be refused: 2 events in memory would be lost: drain c1 first')
    await expect(client.call('configApply', { files })).rejects.toThrow(/2 events in memory/)
    expect((await client.call('status', {})).channels[0]).toMatchObject({ type: 'memory', events: 2 })
  })

  test('shows findings with their lines, and refuses files of others', async () => {
    const { client, path, port } = await serve()
    const broken = text(port).replace('type = netcat', 'type = netkat')
    const preview = await client.call('configPreview', { files: [{ path, text: broken }] })
    expect(preview).toMatchObject({ applicable: false, summary: 'it has an error', changes: [] })
    expect(preview.findings[0]).toMatchObject({ line: 4, severity: 'error' })
    await expect(client.call('configPreview', { files: [{ path: '/etc/passwd', text: '' }] })).rejects.toMatchObject({
      code: 'SLUICE_CONTROL',
    })
  })

  test('runs no program of a config filter that the files on the disk do not run', async () => {
    const program = (name: string) => {
      const path = join(directory, name)
      writeFileSync(path, `#!/bin/sh\necho "$1" >> ${path}.ran\necho geheim-$1\n`, { mode: 0o755 })
      return path
    }
    const filtered = (command: string) => `a1.configfilters = f
a1.configfilters.f.type = external
a1.configfilters.f.command = ${command}
a1.sinks = k1 k2
a1.sinks.k2.type = avro
a1.sinks.k2.channel = c1
a1.sinks.k2.hostname = localhost
a1.sinks.k2.port = 4141
a1.sinks.k2.keystore-password = \${f[key]}
`
    const [own, other] = [program('own'), program('other')]
    const { client, path, port } = await serve('file', filtered(own))
    const same = await client.call('configPreview', { files: [{ path, text: text(port, 'file', filtered(own)) }] })
    expect(same).toMatchObject({ applicable: true, summary: 'nothing changes' })
    const ofFilter = (findings: typeof same.findings) => findings.filter(({ key }) => key.includes('configfilters'))
    expect(ofFilter(same.findings)).toEqual([])
    const files = [{ path, text: text(port, 'file', filtered(other)) }]
    const preview = await client.call('configPreview', { files })
    expect(ofFilter(preview.findings)).toMatchObject([{ severity: 'warning', key: 'a1.configfilters.f.command' }])
    expect(existsSync(`${other}.ran`)).toBe(false)
    expect(await client.call('configApply', { files })).toMatchObject({ applied: true })
    expect(existsSync(`${other}.ran`)).toBe(true)
  })

  test('shows no secret, neither the old nor the new one', async () => {
    const avro = (password: string) => `a1.sinks = k1 k2
a1.sinks.k2.type = avro
a1.sinks.k2.channel = c1
a1.sinks.k2.hostname = localhost
a1.sinks.k2.port = 4141
a1.sinks.k2.keystore-password = ${password}
`
    const { client, path, port } = await serve('file', avro('geheim-alt'))
    const preview = await client.call('configPreview', {
      files: [{ path, text: text(port, 'file', avro('geheim-neu')) }],
    })
    expect(preview.changes[0]?.settings).toEqual([{ key: 'keystore-password', before: '***', after: '***' }])
    expect(JSON.stringify(preview)).not.toContain('geheim')
    const shown = await client.call('configShown', {})
    expect(shown[0]?.text).toContain('keystore-password = ***')
    expect(shown[0]?.text).not.toContain('geheim')
  })
})

describe('the test of a connection', () => {
  test('uses the settings of a sink that is named, and says what is no sink', async () => {
    const k2 = `a1.sinks = k1 k2
a1.sinks.k2.type = avro
a1.sinks.k2.channel = c1
a1.sinks.k2.hostname = localhost
a1.sinks.k2.port = 4141
a1.sinks.k2.ssl = true
a1.sinks.k2.truststore = none.pem
`
    const { client } = await serve('file', k2)
    const port = (await client.call('status', {})).sources[0]?.detail?.ports?.[0]?.port ?? 0
    const named = await client.call('testConnection', { host: '127.0.0.1', port, component: 'k2' })
    expect(named).toMatchObject({ ok: false, failure: 'tls', code: 'SLUICE_TLS' })
    expect(named.text).toContain(`truststore ${join(directory, 'none.pem')} cannot be read`)
    // The same without TLS reaches the netcat source, which is none of ours.
    const plain = await client.call('testConnection', {
      host: '127.0.0.1',
      port,
      component: 'k2',
      tls: false,
      within: 500,
    })
    expect(plain.ok).toBe(false)
    expect(plain.failure).not.toBe('tls')
    for (const component of ['k1', 'r1', 'nope'])
      await expect(client.call('testConnection', { host: 'localhost', port, component })).rejects.toMatchObject({
        code: 'SLUICE_CONTROL',
      })
  })
})

describe('versions of the configuration', () => {
  test('keep what ran, and any of them can be had again', async () => {
    const { client, agent, path, port } = await serve()
    const changed = text(port).replace('.capacity = 1000', '.capacity = 500')
    expect(await client.call('configApply', { files: [{ path, text: changed }], by: 'anna' })).toMatchObject({
      applied: true,
    })
    expect(agent.status().channels[0]?.capacity).toBe(500)
    const versions = await client.call('configVersions', {})
    expect(versions).toMatchObject([
      { id: 2, by: 'anna', how: 'applied', current: true },
      { id: 1, how: 'start', current: false },
    ])
    expect(await client.call('configRollback', { id: 1, by: 'otto' })).toMatchObject({ applied: true })
    expect(agent.status().channels[0]?.capacity).toBe(1000)
    expect(readFileSync(path, 'utf8')).toBe(text(port))
    const [newest] = await client.call('configVersions', {})
    expect(newest).toMatchObject({ id: 3, by: 'otto', how: 'rolled back', current: true })
    expect(await client.call('configVersion', { id: 2 })).toEqual([{ path, text: changed }])
    expect(statSync(join(directory, 'data', 'config-versions', '00000002.json')).mode & 0o777).toBe(0o600)
    await expect(client.call('configRollback', { id: 99 })).rejects.toMatchObject({ code: 'SLUICE_CONTROL' })
  })
})

describe('the schemas of components', () => {
  test('say of every type what a form needs', async () => {
    const { client } = await serve()
    const schemas = await client.call('componentSchemas', {})
    const file = schemas.find(({ kind, type }) => kind === 'channel' && type === 'file')
    const setting = (key: string) => file?.settings.find((one) => one.key === key)
    expect(setting('capacity')).toMatchObject({ type: 'whole', default: '1000000', required: false, secret: false })
    expect(setting('compression')).toMatchObject({ type: 'choice', choices: ['none', 'zstd'], default: 'none' })
    const avro = schemas.find(({ kind, type }) => kind === 'sink' && type === 'avro')
    expect(avro?.settings.find(({ key }) => key === 'hostname')).toMatchObject({ required: true, default: null })
    expect(avro?.settings.find(({ key }) => key === 'keystore-password')).toMatchObject({ secret: true })
    for (const { summary, settings } of schemas) {
      expect(summary).not.toBe('')
      for (const one of settings) expect(one.description, one.key).not.toBe('')
    }
  })
})
