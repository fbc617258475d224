import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { collectedFiles } from './collected-lines.ts'
import { SluiceProcess } from './sluice-process.ts'
import { unusedPort } from './two-tiers.ts'

const root = join(import.meta.dirname, '../..')

describe('the headless build', () => {
  let directory: string
  const running: SluiceProcess[] = []

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-build-'))
  })
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.kill()))
    rmSync(directory, { recursive: true, force: true })
  })

  it('relays and collects with nothing beside it but better-sqlite3', async () => {
    const built = join(directory, 'headless')
    const vite = join(root, 'node_modules/vite/bin/vite.js')
    const build = ['build', '--config', 'build/headless.config.ts', '--outDir', built, '--logLevel', 'error']
    execFileSync(process.execPath, [vite, ...build], { cwd: root, stdio: 'pipe' })
    const manifest = JSON.parse(readFileSync(join(built, 'package.json'), 'utf8')) as {
      bin: { sluice: string }
      dependencies: Record<string, string>
    }
    expect(Object.keys(manifest.dependencies)).toEqual(['better-sqlite3'])
    mkdirSync(join(built, 'node_modules'))
    symlinkSync(join(root, 'node_modules/better-sqlite3'), join(built, 'node_modules/better-sqlite3'))

    const entry = join(built, manifest.bin.sluice)
    const port = await unusedPort()
    const [logs, out] = [join(directory, 'logs'), join(directory, 'out')]
    mkdirSync(logs)
    appendFileSync(join(logs, 'a.log'), 'one\ntwo\n')
    const start = (...args: string[]) => {
      const one = new SluiceProcess(args, { entry })
      running.push(one)
      return one
    }
    const data = (name: string) => ['--data-dir', join(directory, name)]
    const collector = start('collect', '--port', String(port), '--out', out, ...data('collector'))
    await collector.says(/collecting/)
    const relay = start('relay', '--watch', logs, '--to', `127.0.0.1:${port}`, ...data('relay'))
    const collected = () =>
      collectedFiles(out)
        .map((path) => readFileSync(path, 'utf8'))
        .join('')
    await expect.poll(collected, { timeout: 20_000 }).toBe('one\ntwo\n')

    // The page lies beside the command line; here it is not built.
    const opened = start('start', '--headless', '--workspace', join(directory, 'workspace'))
    const [address = ''] = await opened.says(/http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/)
    const token = new URL(address).searchParams.get('token') ?? ''
    const page = await fetch(new URL('/', address), { headers: { authorization: `Bearer ${token}` } })
    expect(page.status).toBe(503)
    expect(await page.text()).toContain(join(directory, 'renderer'))
    expect((await opened.stop()).code).toBe(0)
    expect((await relay.stop()).code).toBe(0)
    expect((await collector.stop()).code).toBe(0)
  })
})
