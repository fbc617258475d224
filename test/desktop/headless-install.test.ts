import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unusedPort } from '../integration/two-tiers.ts'
import { eventually } from './desktop-app.ts'
import { DisposableRoot } from './disposable-root.ts'

const missing = DisposableRoot.missing()
const project = join(import.meta.dirname, '../..')
const build = (script: string, ...args: string[]) =>
  execFileSync(process.execPath, [join(project, script), ...args], { encoding: 'utf8', cwd: project }).trim()
const flowFile = '/etc/sluice/flow.properties'

/** A package `nodejs` with the Node that runs this test: Debian's own may be too old, and dependencies are to hold. */
function packNode(folder: string): string {
  const staged = join(folder, 'nodejs')
  mkdirSync(join(staged, 'usr/bin'), { recursive: true })
  mkdirSync(join(staged, 'DEBIAN'))
  copyFileSync(process.execPath, join(staged, 'usr/bin/node'))
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  const lines = ['Package: nodejs', `Version: 1:${process.versions.node}`, `Architecture: ${architecture}`]
  const more = ['Maintainer: none', 'Description: the Node that runs this test', '']
  writeFileSync(join(staged, 'DEBIAN/control'), [...lines, ...more].join('\n'))
  const path = `${staged}.deb`
  execFileSync('dpkg-deb', ['-Znone', '--root-owner-group', '--build', staged, path], { stdio: 'pipe' })
  return path
}

/** `[Service]` of the installed unit. */
function serviceOf(unit: string): Record<string, string> {
  const [, section = ''] = /\[Service\]\n([^]*?)\n\[/.exec(unit) ?? []
  return Object.fromEntries([...section.matchAll(/^(\w+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, value]))
}

describe.skipIf(missing !== '')(`the Debian package for servers, installed ${missing}`, () => {
  let root: DisposableRoot
  let folder: string
  let port: number
  let service: ChildProcess | undefined
  let output = ''

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-install-'))
    build('build/build-all.ts', 'headless')
    root = await DisposableRoot.make()
    copyFileSync(build('build/headless-deb.ts', folder), join(root.shared, 'sluice.deb'))
    copyFileSync(packNode(folder), join(root.shared, 'nodejs.deb'))
    port = await unusedPort()
  })
  afterAll(async () => {
    service?.kill('SIGKILL')
    await root.end()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Runs the unit's command line as its user, with its groups, its one capability and nothing more, as systemd does. */
  function start(): void {
    const unit = serviceOf(root.run('cat', '/usr/lib/systemd/system/sluice.service'))
    const groups = [unit['Group'] ?? '', ...(unit['SupplementaryGroups'] ?? '').split(' ')]
    const [, id = ''] = /^[^:]*:[^:]*:(\d+)/.exec(root.run('getent', 'group', unit['Group'] ?? '')) ?? []
    const ids = groups.map((group) => root.run('getent', 'group', group).split(':')[2] ?? id).join(',')
    const who = [`--reuid=${unit['User']}`, `--regid=${unit['Group']}`, `--groups=${ids}`, '--no-new-privs']
    const may = ['--bounding-set=-all,+net_bind_service', '--inh-caps=-all,+net_bind_service']
    const [program = '', ...args] = root.command(
      ...['setpriv', ...who, ...may, '--ambient-caps=+net_bind_service', 'sh', '-c'],
      `umask ${unit['UMask']}; cd /; exec ${(unit['ExecStart'] ?? '').replace('$SLUICE_OPTIONS', '')}`,
    )
    service = spawn(program, args, { env: root.environment, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [service.stdout, service.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (output += text))
  }

  async function stop(): Promise<{ code: number | null; took: number }> {
    const from = performance.now()
    const stopped = service
    if (stopped === undefined || stopped.exitCode !== null) throw new Error(`it does not run; it said:\n${output}`)
    const code = new Promise<number | null>((resolve) => stopped.once('exit', resolve))
    stopped.kill('SIGTERM')
    return { code: await code, took: performance.now() - from }
  }

  async function send(line: string): Promise<void> {
    await eventually(async () => {
      const socket = connect(port, '127.0.0.1')
      try {
        await new Promise((resolve, reject) => {
          socket.once('connect', resolve)
          socket.once('error', () => reject(new Error(`nobody listens; it said:\n${output.slice(-3000)}`)))
        })
        socket.write(`${line}\n`)
        await new Promise((resolve) => socket.once('data', resolve))
      } finally {
        socket.destroy()
      }
    })
  }

  const collected = () => root.run('sh', '-c', 'cat /var/lib/sluice/collected/* 2>/dev/null || true')
  const modeOf = (path: string) => root.run('stat', '-c', '%U:%G %a', path).trim()

  it('makes its user, its folders and its unit, for nobody else to look into', () => {
    root.run('dpkg', '-i', '/mnt/nodejs.deb')
    root.run('dpkg', '-i', '/mnt/sluice.deb')
    expect(root.run('dpkg-query', '-W', '-f', '${Status}', 'sluice')).toBe('install ok installed')
    expect(root.run('getent', 'passwd', 'sluice')).toMatch(/:\/var\/lib\/sluice:\/usr\/sbin\/nologin$/m)
    expect(modeOf('/var/lib/sluice')).toBe('sluice:sluice 700')
    expect(modeOf(flowFile)).toBe('root:sluice 660')
    expect(root.run('sluice', '--version')).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(root.run('sluice', 'check', '-n', 'a1', '-f', flowFile)).toBe('')
    // A second time is nothing new.
    root.run('sh', '-c', '/var/lib/dpkg/info/sluice.postinst configure')
  })

  it("relays as its unit's user, and stops and starts again as the unit says", async () => {
    root.run('sed', '-i', `s/port = 4444/port = ${port}/`, flowFile)
    start()
    await send('one')
    await eventually(() => expect(collected(), output.slice(-3000)).toBe('one\n'))
    expect(modeOf('/var/lib/sluice/collected')).toBe('sluice:sluice 700')
    const end = await stop()
    expect(end.code).toBe(0)
    expect(end.took).toBeLessThan(5000)
  })

  it('keeps the flow and what waits over an update', async () => {
    start()
    // As their own user only may.
    const ctl = (...words: string[]) =>
      root.run(
        'setpriv',
        '--reuid=sluice',
        '--regid=sluice',
        '--clear-groups',
        'sluice',
        'ctl',
        ...words,
        '--data-dir',
        '/var/lib/sluice',
      )
    await eventually(() => expect(ctl('pause', 'files')).toContain('paused'))
    await send('two')
    await eventually(() => expect(ctl('backlog', 'backlog')).toContain('two'))
    await stop()
    root.run('dpkg', '-i', '/mnt/sluice.deb')
    expect(root.run('cat', flowFile)).toContain(`port = ${port}`)
    expect(modeOf(flowFile)).toBe('root:sluice 660')
    start()
    await eventually(() => expect(ctl('resume', 'files')).toContain('resumed'))
    await eventually(() => expect(collected()).toBe('one\ntwo\n'))
    expect((await stop()).code).toBe(0)
  })

  it('leaves what is collected when it is removed, and nothing when it is purged', () => {
    root.run('dpkg', '-r', 'sluice')
    expect(root.code('test', '-e', '/usr/bin/sluice')).toBe(1)
    expect(collected()).toBe('one\ntwo\n')
    expect(root.run('cat', flowFile)).toContain(`port = ${port}`)
    root.run('dpkg', '-P', 'sluice')
    for (const path of ['/var/lib/sluice', '/var/cache/sluice', '/etc/sluice', '/usr/lib/sluice'])
      expect(root.code('test', '-e', path)).toBe(1)
    expect(root.code('getent', 'passwd', 'sluice')).toBe(2)
  })

  it('leaves this machine as it was', () => {
    expect(readFileSync('/etc/passwd', 'utf8')).not.toMatch(/^sluice:/m)
  })
})
