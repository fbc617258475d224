import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** The tests that the table of docs/torture.md names, as files. */
function namedFiles(): string[] {
  const rows = readFileSync('docs/torture.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
  return rows.flatMap((row) =>
    [...(row.split('|')[2] ?? '').matchAll(/`([\w/*-]+)`/g)].flatMap(([, name = '']) => {
      if (name === 'test/torture') return []
      const path = `${name.startsWith('test/') ? name : join('test/torture', name)}.test.ts`
      const found = globSync(path)
      expect(found, `docs/torture.md names ${path}`).not.toEqual([])
      return found
    }),
  )
}

test('every scenario of test/torture is in docs/torture.md, and what that names is there', () => {
  const named = new Set(namedFiles())
  const there = globSync('test/torture/**/*.test.ts').filter((path) => !path.endsWith('weakened.test.ts'))
  expect(there.length).toBeGreaterThan(20)
  expect(there.filter((path) => !named.has(path))).toEqual([])
  expect(existsSync('test/torture/weaknesses.ts')).toBe(true)
})
