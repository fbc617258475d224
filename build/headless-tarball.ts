/** Makes the headless npm package from what is built: `node build/headless-tarball.ts [FOLDER]`. Prints its path. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { copyHeadless, manifest, root } from './headless-files.ts'
import { noticesFile, noticesName } from './third-party-notices.ts'

const target = resolve(process.argv[2] ?? join(root, 'dist'))
const staged = mkdtempSync(join(tmpdir(), 'sluice-tarball-'))
try {
  copyHeadless(staged)
  for (const file of ['LICENSE', 'README.md']) copyFileSync(join(root, file), join(staged, file))
  copyFileSync(noticesFile('headless'), join(staged, noticesName))
  const { name, version, description, homepage, author, license, dependencies } = manifest
  const bin = { sluice: 'headless/sluice.js' }
  const text = {
    name,
    version,
    description,
    homepage,
    author,
    license,
    type: 'module',
    bin,
    engines: { node: '>=24' },
    dependencies,
  }
  writeFileSync(join(staged, 'package.json'), `${JSON.stringify(text, null, 2)}\n`)
  mkdirSync(target, { recursive: true })
  execFileSync('npm', ['pack', '--silent', '--pack-destination', target], { cwd: staged })
  process.stdout.write(`${join(target, `${name}-${version}.tgz`)}\n`)
} finally {
  rmSync(staged, { recursive: true, force: true })
}
