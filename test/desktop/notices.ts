import { expect } from 'vitest'

/** Notices as a package has them: each of the modules stands over terms that name who holds the rights. */
export function expectNotices(text: string, modules: readonly string[]): void {
  const [, ...parts] = text.split(`${'='.repeat(80)}\n`)
  const told = parts.map((part) => part.split(`\n${'-'.repeat(80)}\n`) as [names: string, terms: string])
  for (const [names, terms] of told) {
    expect(names).toMatch(/^(?:(?:@[\w.-]+\/)?[\w.-]+ \d+\.\d+\.\d+\S*\n)+\([\w.() -]+\)$/)
    expect(terms, names).toMatch(/copyright|public domain/i)
    expect(terms.length, names).toBeGreaterThan(400)
  }
  const named = told.flatMap(([names]) => names.split('\n').map((line) => line.split(' ')[0]))
  for (const module of modules) expect(named).toContain(module)
}
