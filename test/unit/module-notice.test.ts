import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findPackage, moduleNotice, packageFolder, withDependencies } from '../../build/module-notice.ts'
import { noticesText } from '../../build/notices-text.ts'

describe("a module's notice", () => {
  let folder: string
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sluice-notice-'))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** Makes a package in node_modules below `at`; its folder. */
  function place(name: string, about: object, files: Readonly<Record<string, string>> = {}, at = folder): string {
    const made = join(at, 'node_modules', name)
    mkdirSync(made, { recursive: true })
    writeFileSync(join(made, 'package.json'), JSON.stringify({ name, version: '1.2.3', ...about }))
    for (const [file, text] of Object.entries(files)) writeFileSync(join(made, file), text)
    return made
  }

  it('is all that its licence and notice files say', () => {
    const legal = { 'LICENSE-MIT.md': 'Terms\r\nof one\n\n', NOTICE: 'A notice\n' }
    const others = { 'license.js': 'code', 'notice.min.mjs': 'code', 'README.md': 'MIT' }
    expect(moduleNotice(place('one', { license: 'MIT' }, { ...legal, ...others }))).toEqual({
      name: 'one',
      version: '1.2.3',
      license: 'MIT',
      text: 'Terms\nof one\n\nA notice',
    })
  })

  it('is refused, naming the module, when there are no terms to pass on', () => {
    expect(() => moduleNotice(place('bare', { license: 'MIT' }, { 'README.md': 'MIT' }))).toThrow(
      /^bare 1\.2\.3 is in what is shipped, and .*bare has no file LICENSE, COPYING or NOTICE/,
    )
    expect(() => moduleNotice(place('empty', { license: 'MIT' }, { LICENSE: ' \n' }))).toThrow(
      /^empty 1\.2\.3 .*no file/,
    )
    expect(() => moduleNotice(place('@of/none', {}, { LICENSE: 'Terms' }))).toThrow(/^@of\/none .* names no licence$/)
  })

  it('is looked for in the package that a file belongs to', () => {
    expect(packageFolder('/a/node_modules/@b/c/lib/d.js')).toBe('/a/node_modules/@b/c')
    expect(packageFolder('/a/node_modules/b/node_modules/c/d.js?inline')).toBe('/a/node_modules/b/node_modules/c')
    expect(packageFolder('C:\\a\\node_modules\\b\\c.js')).toBe('C:\\a\\node_modules\\b')
    expect(packageFolder('/a/core/b.ts')).toBeUndefined()
  })

  it('is wanted of everything that npm installs with a module, where Node would find it', () => {
    const one = place('one', { dependencies: { two: '*', three: '*' } })
    const two = place('two', { dependencies: { one: '*' } })
    const three = place('three', {}, {}, one)
    expect([...withDependencies(one)]).toEqual([one, two, three])
    expect(() => findPackage('four', one)).toThrow(/^four, which .*one needs, is not installed$/)
  })

  it('stands once under all modules with the same terms, in an order that is always the same', () => {
    const notice = (name: string, text: string) => ({ name, version: '1.0.0', license: 'MIT', text })
    const notices = [notice('c', 'Of one'), notice('b', 'Of another'), notice('a', 'Of one')]
    const text = noticesText(notices)
    expect(text.match(/Of one/g)).toHaveLength(1)
    expect(text).toMatch(/\na 1\.0\.0\nc 1\.0\.0\n\(MIT\)\n-+\n\nOf one\n\n=+\nb 1\.0\.0\n/)
    expect(noticesText(notices.toReversed())).toBe(text)
  })
})
