import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SluiceProcess } from '../integration/sluice-process.ts'
import { unusedPort } from '../integration/two-tiers.ts'
import { eventually } from './desktop-app.ts'

const root = join(import.meta.dirname, '../..')
const onWindows = process.platform === 'win32'
/** The user `nobody` where this one may become it; otherwise the installation is only made unwritable. */
const nobody = process.getuid?.() === 0 ? 65534 : undefined

describe.skipIf(onWindows)('the npm package, installed globally where no registry can be reached', () => {
  let folder: string
  let prefix: string
  let home: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-global-'))
    chmodSync(folder, 0o755)
    prefix = join(folder, 'prefix')
    home = join(folder, 'home')
    mkdirSync(home)
    if (nobody !== undefined) chownSync(home, nobody, nobody)
    // Its user may not look into the folder that this test's own Node is in.
    mkdirSync(join(folder, 'node'))
    copyFileSync(process.execPath, join(folder, 'node/node'))
    execFileSync(process.execPath, [join(root, 'build/build-all.ts'), 'headless'], { cwd: root })
  })
  afterAll(() => {
    execFileSync('chmod', ['-R', 'u+w', folder])
    rmSync(folder, { recursive: true, force: true })
  })

  function npm(...words: string[]): string {
    const env = {
      PATH: `${join(folder, 'node')}:${process.env.PATH ?? ''}`,
      HOME: join(folder, 'home-of-npm'),
      npm_config_cache: join(folder, 'cache'),
      npm_config_globalconfig: join(folder, 'no-npmrc'),
      npm_config_update_notifier: 'false',
    }
    const ran = spawnSync('npm', words, { cwd: folder, env, encoding: 'utf8' })
    expect(ran.status, `npm ${words.join(' ')}\n${ran.stdout}\n${ran.stderr}`).toBe(0)
    return ran.stdout + ran.stderr
  }

  /** As the other user, with nothing in the environment but the path. */
  function through(...more: string[]): readonly [string, ...string[]] {
    const who = nobody === undefined ? [] : ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups']
    return ['env', '-i', `PATH=${join(folder, 'node')}:/usr/bin:/bin`, ...more, ...who]
  }
  const sluice = () => join(prefix, 'bin/sluice')

  /** Every file of the installation with what is in it. */
  function installed(): readonly string[] {
    const all = readdirSync(join(prefix, 'lib'), { recursive: true, withFileTypes: true })
    return all
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name))
      .map((path) => `${path} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`)
      .sort()
  }

  it('takes the package and its two modules as files, and runs none of their scripts', () => {
    const own = execFileSync(process.execPath, [join(root, 'build/headless-tarball.ts'), folder], { encoding: 'utf8' })
    const modules = ['better-sqlite3', 'node-addon-api'].map((name) =>
      join(folder, npm('pack', '--silent', '--ignore-scripts', join(root, 'node_modules', name)).trim()),
    )
    const said = npm('install', '--global', '--prefix', prefix, '--offline', '--no-audit', own.trim(), ...modules)
    expect(said).not.toMatch(/warn|error/i)
    const found = JSON.parse(npm('ls', '--global', '--prefix', prefix, '--all', '--json')) as {
      problems?: unknown
      dependencies: { sluice: { dependencies: Record<string, unknown> } }
    }
    expect(found).not.toHaveProperty('problems')
    expect(Object.keys(found.dependencies.sluice.dependencies)).toEqual(['better-sqlite3'])
    expect(statSync(sluice()).mode & 0o111).toBe(0o111)
    // As an administrator leaves it.
    execFileSync('chmod', ['-R', 'a-w', prefix])
  })

  it('says its version to another user, who has no home', () => {
    const [program, ...words] = [...through('HOME=/nonexistent'), sluice(), '--version']
    const ran = spawnSync(program, words, { encoding: 'utf8', cwd: '/' })
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(ran).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('relays between two tiers as that user, and writes nothing into its own folder', async () => {
    const before = installed()
    const port = await unusedPort()
    const watched = join(home, 'watched')
    mkdirSync(watched)
    if (nobody !== undefined) chownSync(watched, nobody, nobody)
    const lines = Array.from({ length: 500 }, (_, at) => `line ${at}\n`)
    appendFileSync(join(watched, 'a.log'), lines.slice(0, 250).join(''))
    const out = join(home, 'out')
    const options = { program: sluice(), through: through(`HOME=${home}`), directory: '/' }
    const collect = new SluiceProcess(['collect', '--bind', '127.0.0.1', '--port', String(port), '--out', out], options)
    const relay = new SluiceProcess(['relay', '--watch', watched, '--to', `127.0.0.1:${port}`], options)
    try {
      const collected = () =>
        readdirSync(out)
          .sort()
          .map((name) => readFileSync(join(out, name), 'utf8'))
          .join('')
      await eventually(() => expect(collected()).toBe(lines.slice(0, 250).join('')))
      appendFileSync(join(watched, 'a.log'), lines.slice(250).join(''))
      await eventually(() => expect(collected()).toBe(lines.join('')))
    } finally {
      expect((await relay.stop()).code, relay.stderr).toBe(0)
      expect((await collect.stop()).code, collect.stderr).toBe(0)
    }
    expect(`${relay.stderr}${collect.stderr}`).not.toMatch(/"level":"(?:warn|error)"/)
    if (nobody !== undefined) expect(statSync(join(home, '.local/share/sluice')).uid).toBe(nobody)
    expect(installed()).toEqual(before)
  })
})
