import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { describedProgram, withAllBelow } from '../../build/command-tree.ts'
import { SluiceProcess } from '../integration/sluice-process.ts'
import { unusedPort } from '../integration/two-tiers.ts'
import { eventually } from './desktop-app.ts'
import { expectNotices } from './notices.ts'

const root = join(import.meta.dirname, '../..')
const run = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: 'utf8', cwd: root })
const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0

describe('the packages for servers', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-server-'))
    run(process.execPath, join(root, 'build/build-all.ts'), 'headless')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Relays one line with the flow of the package, run from where it was extracted. */
  async function relays(entry: string, sample: string): Promise<void> {
    const work = mkdtempSync(join(folder, 'work-'))
    const port = await unusedPort()
    const flow = join(work, 'flow.properties')
    const text = readFileSync(sample, 'utf8').replace('port = 4444', `port = ${port}`)
    writeFileSync(flow, text.replace('/var/lib/sluice/collected', join(work, 'collected')))
    mkdirSync(join(work, 'collected'))
    const agent = new SluiceProcess(['agent', '-n', 'a1', '-f', flow, '--data-dir', join(work, 'data'), '--console'], {
      entry,
    })
    try {
      const [address] = await agent.says(/http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/)
      const first = await fetch(address, { redirect: 'manual' })
      expect(first.status).toBeLessThan(400)
      await agent.says(new RegExp(`listening on .*:${port}`))
      const socket = connect(port, '127.0.0.1')
      socket.write('through the package\n')
      const collected = () =>
        readdirSync(join(work, 'collected'))
          .map((name) => readFileSync(join(work, 'collected', name), 'utf8'))
          .join('')
      await eventually(() => expect(collected()).toBe('through the package\n'))
      socket.destroy()
    } finally {
      await agent.stop()
    }
  }

  it('as an npm package: needs better-sqlite3 only, and runs', async () => {
    const path = run(process.execPath, join(root, 'build/headless-tarball.ts'), folder).trim()
    run('tar', '-xzf', path, '-C', folder)
    const extracted = join(folder, 'package')
    const manifest = JSON.parse(readFileSync(join(extracted, 'package.json'), 'utf8')) as Record<string, object>
    expect(Object.keys(manifest.dependencies ?? {})).toEqual(['better-sqlite3'])
    expect(manifest).not.toHaveProperty('private')
    expect(existsSync(join(extracted, 'renderer/index.html'))).toBe(true)
    expectNotices(readFileSync(join(extracted, 'THIRD-PARTY-NOTICES.txt'), 'utf8'), ['zod', 'better-sqlite3', 'pinia'])
    // Whoever opens the page gets it, and nothing else of the package.
    const ofPage = readFileSync(join(extracted, 'renderer/third-party-notices.txt'), 'utf8')
    expectNotices(ofPage, ['@vue/runtime-core', 'pinia', 'chart.js', 'reka-ui'])
    expect(ofPage).not.toContain('better-sqlite3')
    mkdirSync(join(extracted, 'node_modules'))
    symlinkSync(join(root, 'node_modules/better-sqlite3'), join(extracted, 'node_modules/better-sqlite3'))
    const entry = join(extracted, 'headless/sluice.js')
    await relays(entry, join(root, 'build/headless/flow.properties'))
  })

  it.skipIf(process.platform === 'win32')('as an npm package: is a program by its own name once installed', () => {
    const path = run(process.execPath, join(root, 'build/headless-tarball.ts'), folder).trim()
    const prefix = join(folder, 'prefix')
    const module = join(prefix, 'lib/node_modules/sluice')
    mkdirSync(join(module, 'node_modules'), { recursive: true })
    run('tar', '-xzf', path, '-C', module, '--strip-components=1')
    symlinkSync(join(root, 'node_modules/better-sqlite3'), join(module, 'node_modules/better-sqlite3'))
    // What `npm install --global` makes of it: the file of `bin`, executable, under its name.
    const { bin } = JSON.parse(readFileSync(join(module, 'package.json'), 'utf8')) as { bin: { sluice: string } }
    chmodSync(join(module, bin.sluice), 0o755)
    mkdirSync(join(prefix, 'bin'))
    symlinkSync(join(module, bin.sluice), join(prefix, 'bin/sluice'))
    const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: folder }
    const version = spawnSync(join(prefix, 'bin/sluice'), ['--version'], { encoding: 'utf8', env })
    expect(version.error, version.stderr).toBeUndefined()
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  describe.skipIf(!has('dpkg-deb'))('as a Debian package', () => {
    let deb: string
    let extracted: string
    beforeAll(() => {
      deb = run(process.execPath, join(root, 'build/headless-deb.ts'), folder).trim()
      extracted = join(folder, 'deb')
      run('dpkg-deb', '-x', deb, extracted)
    })

    it('says what it is and needs', () => {
      const about = run('dpkg-deb', '-I', deb)
      expect(about).toMatch(/^ Package: sluice$/m)
      expect(about).toMatch(/^ Depends: nodejs \(>= 24\), adduser, libc6 \(>= 2\.\d+\), libstdc\+\+6 \(>= \d+\)$/m)
      expect(run('dpkg-deb', '-f', deb, 'Architecture').trim()).toBe(process.arch === 'x64' ? 'amd64' : 'arm64')
    })

    it("holds the program, its unit and its flow, all root's, none that others may write", () => {
      const lines = run('dpkg-deb', '-c', deb).trim().split('\n')
      for (const line of lines) expect(line).toMatch(/^[d-]rw[x-]r-[x-]r-[x-] root\/root /)
      const paths = lines.map((line) => line.split(/\s+/)[5])
      for (const path of ['usr/bin/sluice', 'usr/lib/systemd/system/sluice.service', 'etc/sluice/flow.properties'])
        expect(paths).toContain(`./${path}`)
      const natives = paths.filter((path) => path?.endsWith('.node'))
      expect(natives).toHaveLength(1)
      run('dpkg-deb', '-e', deb, join(folder, 'control'))
      expect(readFileSync(join(folder, 'control/conffiles'), 'utf8')).toBe('/etc/sluice/flow.properties\n')
      for (const script of ['postinst', 'prerm', 'postrm']) run('sh', '-n', join(folder, 'control', script))
    })

    it('says who maintains it as package.json does, which version it is, and what its licence is', () => {
      const { author, homepage, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
        author: string
        homepage: string
        version: string
      }
      expect(run('dpkg-deb', '-f', deb, 'Maintainer')).toBe(`${author}\n`)
      expect(run('dpkg-deb', '-f', deb, 'Homepage')).toBe(`${homepage}\n`)
      const documents = join(extracted, 'usr/share/doc/sluice')
      const changelog = gunzipSync(readFileSync(join(documents, 'changelog.gz'))).toString()
      expect(changelog).toMatch(
        new RegExp(`^sluice \\(${version.replaceAll('.', '\\.')}\\) unstable; urgency=medium\n`),
      )
      expect(changelog).toContain(`\n -- ${author}  `)
      expect(readFileSync(join(documents, 'copyright'), 'utf8')).toContain('License: Apache-2.0')
    })

    it("has the notice of every module in it, and says in Debian's words who holds the rights", () => {
      const documents = join(extracted, 'usr/share/doc/sluice')
      expectNotices(gunzipSync(readFileSync(join(documents, 'THIRD-PARTY-NOTICES.txt.gz'))).toString(), [
        ...['zod', 'pino', 'yaml', 'avsc', 'iconv-lite', 'commander'],
        ...['better-sqlite3', 'node-addon-api', 'vue-router', '@vue/runtime-core', 'chart.js', 'reka-ui'],
      ])
      const copyright = readFileSync(join(documents, 'copyright'), 'utf8')
      // Every licence that a paragraph of files names has a paragraph with its terms.
      const paragraphs = copyright.split('\n\n')
      const named = paragraphs.flatMap((one) => /^Files:[^]*^License: (.*)$/m.exec(one)?.[1]?.split(' and ') ?? [])
      const told = paragraphs.flatMap((one) => /^License: (.*)\n ./.exec(one)?.[1] ?? [])
      expect([...new Set(named)].sort()).toEqual([...told].sort())
      for (const holder of ['Joshua Wise', 'Colin McDonnell', 'Evan', 'Eemeli Aro']) expect(copyright).toContain(holder)
    })

    it('has sums of its files that dpkg can verify, and none of what its owner changes', () => {
      run('dpkg-deb', '-e', deb, join(folder, 'sums'))
      const checked = spawnSync('md5sum', ['--check', '--quiet', join(folder, 'sums/md5sums')], {
        cwd: extracted,
        encoding: 'utf8',
      })
      expect(checked).toMatchObject({ status: 0, stdout: '', stderr: '' })
      expect(readFileSync(join(folder, 'sums/md5sums'), 'utf8')).not.toContain('etc/sluice')
    })

    it.skipIf(!has('lintian'))(`lintian finds nothing to warn of ${has('lintian') ? '' : 'needs lintian'}`, () => {
      const found = spawnSync('lintian', ['--fail-on', 'error,warning', '--tag-display-limit', '0', deb], {
        encoding: 'utf8',
      })
      expect(found.stdout).toBe('')
      expect(found.status, found.stderr).toBe(0)
    })

    it('has a manual of every command and option that --help lists', () => {
      const page = gunzipSync(readFileSync(join(extracted, 'usr/share/man/man1/sluice.1.gz'))).toString()
      for (const { path, options } of withAllBelow(describedProgram())) {
        if (path.length > 0) expect(page).toContain(`\n.SS sluice ${path.join(' ').replaceAll('-', '\\-')}\n`)
        for (const { long } of options) expect(page).toContain((long ?? '').replaceAll('-', '\\-'))
      }
    })

    it.skipIf(!has('groff'))(
      `has a manual that groff sets without a complaint ${has('groff') ? '' : 'needs groff'}`,
      () => {
        const page = gunzipSync(readFileSync(join(extracted, 'usr/share/man/man1/sluice.1.gz')))
        const set = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-z'], { input: page, encoding: 'utf8' })
        expect(set).toMatchObject({ status: 0, stderr: '' })
      },
    )

    it.skipIf(!has('bash'))(`completes commands, options and files in bash ${has('bash') ? '' : 'needs bash'}`, () => {
      const completion = join(extracted, 'usr/share/bash-completion/completions/sluice')
      const after = (...words: string[]) => {
        const list = words.map((word) => `'${word}'`).join(' ')
        const script = `source ${completion}; COMP_WORDS=(sluice ${list}); COMP_CWORD=${words.length}; _sluice; echo "\${COMPREPLY[@]}"`
        return run('bash', '-c', script).trim().split(' ')
      }
      expect(after('')).toEqual(expect.arrayContaining(['start', 'agent', 'ctl', 'backlog', 'fsck']))
      expect(after('ag')).toEqual(['agent'])
      expect(after('ctl', 'config', 'app')).toEqual(['apply'])
      expect(after('agent', '--conf')).toEqual(expect.arrayContaining(['--conf', '--conf-file']))
      // The value of an option is bash's own to complete, and no command.
      expect(after('agent', '-f', 'st')).toEqual([''])
      expect(after('agent', '-f', 'ctl', '--no-rel')).toEqual(['--no-reload-conf'])
    })

    for (const [shell, place] of [
      ['zsh', 'usr/share/zsh/vendor-completions/_sluice'],
      ['fish', 'usr/share/fish/vendor_completions.d/sluice.fish'],
    ] as const)
      it.skipIf(!has(shell))(`has completions that ${shell} can read ${has(shell) ? '' : `needs ${shell}`}`, () => {
        const read = spawnSync(shell, ['-n', join(extracted, place)], { encoding: 'utf8' })
        expect(read).toMatchObject({ status: 0, stderr: '' })
      })

    it('runs from where it was extracted, with the flow that it brings', async () => {
      await relays(join(extracted, 'usr/lib/sluice/headless/sluice.js'), join(extracted, 'etc/sluice/flow.properties'))
    })

    describe('with a part that is missing or damaged', () => {
      const library = (...parts: string[]) => join(extracted, 'usr/lib/sluice/node_modules', ...parts)
      let file: string
      let whole: Buffer
      let data: string
      beforeAll(() => {
        file = library('better-sqlite3/prebuilds', readdirSync(library('better-sqlite3/prebuilds'))[0] ?? '')
        whole = readFileSync(file)
        data = join(folder, 'of-damaged')
        mkdirSync(join(data, 'channels/backlog'), { recursive: true })
        writeFileSync(join(data, 'channels/backlog/index.db'), 'not looked at')
      })
      afterEach(() => writeFileSync(file, whole))

      /** What a command says, and whether it ended by itself with the code of an error. */
      function says(...words: string[]): string {
        const program = join(extracted, 'usr/lib/sluice/headless/sluice.js')
        const { status, stderr, signal } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' })
        expect({ status, signal }, stderr).toEqual({ status: 1, signal: null })
        return stderr
      }
      const agent = () => ['agent', '-n', 'a1', '-f', join(extracted, 'etc/sluice/flow.properties'), '--data-dir', data]
      const sentence = (reason: string) =>
        new RegExp(
          `^sluice: SQLite cannot be loaded on linux-\\w+ from [^\\n]*${reason}[^\\n]*\\[SLUICE_INSTALLATION\\]\\n$`,
        )

      it.for([
        ['there is none for this machine', () => rmSync(file), 'has no library for this machine'],
        [
          'it is cut short',
          () => writeFileSync(file, whole.subarray(0, whole.length >> 1)),
          'is cut short: it has \\d+ bytes',
        ],
        ['it is something else', () => writeFileSync(file, 'x'.repeat(5000)), 'is no library'],
        ['it is empty', () => writeFileSync(file, ''), 'is empty or cut short'],
        [
          'the loader refuses it',
          () => writeFileSync(file, Buffer.from(whole).fill(0xff, 18, 20)),
          'cannot open shared object|wrong ELF|ELF',
        ],
      ] as const)('says in a sentence that SQLite cannot be loaded: %s', ([, damage, reason]) => {
        damage()
        expect(says(...agent())).toMatch(sentence(`(?:${reason})`))
        // And calls no channel damaged that it cannot read: that would invite a repair.
        expect(says('fsck', '--repair', join(data, 'channels/backlog'))).toMatch(sentence(`(?:${reason})`))
        expect(readFileSync(join(data, 'channels/backlog/index.db'), 'utf8')).toBe('not looked at')
      })

      it('says in a sentence which module is not installed', () => {
        renameSync(library(), `${library()}-gone`)
        try {
          expect(says(...agent())).toMatch(
            /^sluice: a part of it is not installed: [^\n]*'better-sqlite3'[^\n]*\[SLUICE_INSTALLATION\]\n$/,
          )
        } finally {
          renameSync(`${library()}-gone`, library())
        }
      })
    })

    it('finds a Node that is new enough, or says what is missing', () => {
      const program = join(extracted, 'usr/bin/sluice')
      const home = { SLUICE_HOME: join(extracted, 'usr/lib/sluice') }
      const started = (env: Record<string, string>) =>
        spawnSync('/bin/sh', [program, '--version'], { env, encoding: 'utf8' })
      expect(started({ ...home, SLUICE_NODE: process.execPath }).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
      const old = join(folder, 'old-node')
      writeFileSync(old, '#!/bin/sh\necho 20\n', { mode: 0o755 })
      const onlyOld = started({ ...home, SLUICE_NODE: old, PATH: dirname(old) })
      if (onlyOld.status !== 0) expect(onlyOld.stderr).toMatch(/needs Node\.js 24 or newer/)
    })

    it.skipIf(!has('systemd-analyze'))('has a unit that systemd takes and calls well protected', () => {
      const unit = join(extracted, 'usr/lib/systemd/system/sluice.service')
      const local = join(folder, 'sluice.service')
      // The program is not installed here.
      writeFileSync(local, readFileSync(unit, 'utf8').replace('/usr/bin/sluice', '/bin/true'))
      const verified = spawnSync('systemd-analyze', ['verify', local], { encoding: 'utf8' })
      expect(verified.stderr.split('\n').filter((line) => line.includes('sluice.service'))).toEqual([])
      const rated = spawnSync('systemd-analyze', ['security', '--offline=true', local], { encoding: 'utf8' })
      const [, exposure = '10'] = /Overall exposure level for sluice\.service: ([\d.]+)/.exec(rated.stdout) ?? []
      expect(Number(exposure)).toBeLessThan(3)
    })
  })
})
