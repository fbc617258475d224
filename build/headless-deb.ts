/**
 * Makes the Debian package for servers from what is built: `node build/headless-deb.ts [FOLDER [ARCHITECTURE]]`. Prints
 * its path. Needs dpkg-deb and no root: files belong to root by --root-owner-group.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describedProgram } from './command-tree.ts'
import { bashCompletion, fishCompletion, zshCompletion } from './completions.ts'
import { debianCopyright } from './debian-copyright.ts'
import { debianChangelog, releaseDate } from './debian-documents.ts'
import { copyHeadless, manifest, root } from './headless-files.ts'
import { type LibraryNeeds, libraryNeeds } from './library-needs.ts'
import { manPage } from './man-page.ts'
import { noticesFile, noticesName, noticesOf } from './third-party-notices.ts'

const prebuilds: Readonly<Record<string, string>> = { amd64: 'linux-x64.node', arm64: 'linux-arm64.node' }
const own = process.arch === 'x64' ? 'amd64' : process.arch

const target = resolve(process.argv[2] ?? join(root, 'dist'))
const architecture = process.argv[3] ?? own
const prebuild = prebuilds[architecture]
if (prebuild === undefined) throw new Error(`no build of better-sqlite3 is for ${architecture}: give amd64 or arm64`)

const date = releaseDate(process.env)
const staged = mkdtempSync(join(tmpdir(), 'sluice-deb-'))
try {
  const path = `${join(target, `${manifest.name}_${manifest.version}_${architecture}`)}.deb`
  place(staged, prebuild)
  control(staged, libraryNeeds(join(root, 'node_modules/better-sqlite3/prebuilds', prebuild)))
  normalModes(staged)
  mkdirSync(target, { recursive: true })
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', staged, path], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SOURCE_DATE_EPOCH: String(date.getTime() / 1000) },
  })
  process.stdout.write(`${path}\n`)
} finally {
  rmSync(staged, { recursive: true, force: true })
}

function place(folder: string, prebuild: string): void {
  const library = join(folder, 'usr/lib/sluice')
  copyHeadless(library)
  const from = join(root, 'node_modules/better-sqlite3')
  const to = join(library, 'node_modules/better-sqlite3')
  for (const part of ['package.json', 'LICENSE', 'lib', join('prebuilds', prebuild)])
    cpSync(join(from, part), join(to, part), { recursive: true, dereference: true })
  const copies = {
    'build/headless/sluice.sh': 'usr/bin/sluice',
    'build/headless/sluice.service': 'usr/lib/systemd/system/sluice.service',
    'build/headless/flow.properties': 'etc/sluice/flow.properties',
    'build/headless/lintian-overrides': 'usr/share/lintian/overrides/sluice',
    'README.md': 'usr/share/doc/sluice/README.md',
  }
  for (const [source, at] of Object.entries(copies)) {
    mkdirSync(dirname(join(folder, at)), { recursive: true })
    copyFileSync(join(root, source), join(folder, at))
  }
  const program = describedProgram()
  // Debian wants both as small as gzip makes them, and without the time at which it did.
  const packed = (text: string) => gzipSync(text, { level: 9 })
  const texts = {
    'usr/share/doc/sluice/copyright': debianCopyright(date, noticesOf('headless')),
    [`usr/share/doc/sluice/${noticesName}.gz`]: packed(readFileSync(noticesFile('headless'), 'utf8')),
    'usr/share/doc/sluice/changelog.gz': packed(debianChangelog(date)),
    'usr/share/man/man1/sluice.1.gz': packed(manPage(program, { ...manifest, date })),
    'usr/share/bash-completion/completions/sluice': bashCompletion(program),
    'usr/share/zsh/vendor-completions/_sluice': zshCompletion(program),
    'usr/share/fish/vendor_completions.d/sluice.fish': fishCompletion(program),
  }
  for (const [at, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, at)), { recursive: true })
    writeFileSync(join(folder, at), text)
  }
}

function control(folder: string, { glibc, compiler }: LibraryNeeds): void {
  mkdirSync(join(folder, 'DEBIAN'))
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => relative(folder, join(one.parentPath, one.name)))
    .sort()
  const files = paths.map((path) => [path, readFileSync(join(folder, path))] as const)
  const bytes = files.reduce((sum, [, content]) => sum + content.length, 0)
  const lines = [
    `Package: ${manifest.name}`,
    `Version: ${manifest.version}`,
    `Architecture: ${architecture}`,
    `Maintainer: ${manifest.author}`,
    `Homepage: ${manifest.homepage}`,
    'Section: admin',
    'Priority: optional',
    `Installed-Size: ${Math.ceil(bytes / 1024)}`,
    `Depends: nodejs (>= 24), adduser, libc6 (>= ${glibc}), libstdc++6 (>= ${compiler})`,
    'Description: log relay that keeps what waits and shows it',
    ...wrapped(`${manifest.description}.`),
    ' .',
    ' The service relays by /etc/sluice/flow.properties:',
    ' systemctl enable --now sluice.',
    '',
  ]
  writeFileSync(join(folder, 'DEBIAN/control'), lines.join('\n'))
  // What `debsums` and `dpkg --verify` compare; a configuration file is its owner's to change.
  const sums = files
    .filter(([path]) => !path.startsWith('etc/'))
    .map(([path, content]) => `${createHash('md5').update(content).digest('hex')}  ${path}\n`)
  writeFileSync(join(folder, 'DEBIAN/md5sums'), sums.join(''))
  writeFileSync(join(folder, 'DEBIAN/conffiles'), '/etc/sluice/flow.properties\n')
  for (const script of ['postinst', 'prerm', 'postrm'])
    copyFileSync(join(root, 'build/headless', script), join(folder, 'DEBIAN', script))
}

/** Lines of an extended description, each behind a blank and no longer than Debian wants them. */
function wrapped(text: string): readonly string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = `${lines.at(-1) ?? ''} ${word}`
    if (line.length <= 78) lines[lines.length - 1] = line
    else lines.push(` ${word}`)
  }
  return lines
}

/** Whatever the umask of who builds: folders and programs 0755, the rest 0644. */
function normalModes(folder: string): void {
  chmodSync(folder, 0o755)
  const programs = new Set([
    'usr/bin/sluice',
    'usr/lib/sluice/headless/sluice.js',
    'DEBIAN/postinst',
    'DEBIAN/prerm',
    'DEBIAN/postrm',
  ])
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    chmodSync(path, entry.isDirectory() || programs.has(relative(folder, path)) ? 0o755 : 0o644)
  }
}
