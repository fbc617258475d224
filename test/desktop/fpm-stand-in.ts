/**
 * What electron-builder calls to make a .deb or an .rpm, where fpm itself cannot be had: makes a real .deb of what it is
 * told, so that the package that our configuration asks for can be looked at and installed. Of an .rpm it keeps the words.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

const options = new Map<string, string[]>()
const files: (readonly [from: string, to: string])[] = []
const words = process.argv.slice(2)
for (let at = 0; at < words.length; at++) {
  const word = words[at] ?? ''
  const [from, to] = /^(\/[^=]*)=(\/.*)$/.exec(word)?.slice(1) ?? []
  if (from !== undefined && to !== undefined) files.push([from, to])
  else if (word.startsWith('-') && word !== '--force')
    options.set(word, [...(options.get(word) ?? []), words[++at] ?? ''])
}
const one = (name: string) => options.get(name)?.[0] ?? ''
const target = one('--package')

if (one('-t') === 'deb') {
  const staged = mkdtempSync(join(tmpdir(), 'sluice-fpm-'))
  try {
    for (const [from, to] of files) {
      const place = join(staged, to)
      mkdirSync(dirname(place), { recursive: true })
      if (from.endsWith('/')) cpSync(from, place, { recursive: true })
      else copyFileSync(from, place)
    }
    const control = join(staged, 'DEBIAN')
    mkdirSync(control)
    for (const [option, name] of [
      ['--after-install', 'postinst'],
      ['--after-remove', 'postrm'],
    ] as const) {
      copyFileSync(one(option), join(control, name))
      chmodSync(join(control, name), 0o755)
    }
    const fields: [string, string][] = [
      ['Package', one('--name')],
      ['Version', one('--version')],
      ['Architecture', one('--architecture')],
      ['Maintainer', one('--maintainer')],
      ['Depends', (options.get('-d') ?? []).join(', ')],
      ['Recommends', (options.get('--deb-recommends') ?? []).join(', ')],
      ['Priority', one('--deb-priority')],
      ['Homepage', one('--url')],
      ['Description', one('--description')],
    ]
    writeFileSync(join(control, 'control'), fields.map(([name, value]) => `${name}: ${value}\n`).join(''))
    execFileSync('dpkg-deb', ['-Znone', '--root-owner-group', '--build', staged, target], { stdio: 'pipe' })
  } finally {
    rmSync(staged, { recursive: true, force: true })
  }
} else writeFileSync(join(dirname(target), `${basename(target)}.words`), words.join('\n'))
