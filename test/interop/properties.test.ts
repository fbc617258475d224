import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { fc } from '../property-checks.ts'
import { expect, test } from 'vitest'
import { Findings } from '../../core/config/findings.ts'
import { parseProperties } from '../../core/config/properties-form.ts'

const reader = fileURLToPath(new URL('properties/PropertiesReader.java', import.meta.url))
const hasJava = spawnSync('java', ['-version']).status === 0

const encoded = (text: string) => `k${Buffer.from(text).toString('base64')}`

/** What Sluice makes of a text, as PropertiesReader prints it. */
function ours(text: string): string {
  const findings = new Findings()
  const entries = parseProperties('f', text, findings)
  if (findings.failed) return 'malformed'
  const last = new Map(entries.map(({ key, value }) => [encoded(key), encoded(value)]))
  return [...last]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}:${value}`)
    .join(' ')
}

const piece = fc.constantFrom(
  ...[' ', '\t', '\f', '\n', '\r', '\r\n', '\\', '\\\\', '\\\n', '=', ':', '#', '!', 'a', 'b.c', 'ä', '€', '😀'],
  ...['\\u0041', '\\u00e', '\\n', '\\u', '__proto__', '.', '\u00a0', '\u0085', '\u2028', '\v'],
)

test.skipIf(!hasJava)(
  '.properties: Sluice and java.util.Properties read 20,000 random texts alike (needs Java)',
  () => {
    const texts = fc.sample(
      fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
      { numRuns: 20_000 },
    )
    const input = texts.map((text) => Buffer.from(text).toString('base64')).join('\n')
    const { stdout, stderr, status } = spawnSync('java', [reader], {
      input: `${input}\n`,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    const answers = stdout.split('\n').slice(0, -1)
    expect(answers.length).toBe(texts.length)
    const different = texts
      .map((text, index) => ({ text, java: answers[index], sluice: ours(text) }))
      .filter(({ java, sluice }) => java !== sluice)
    expect(different.slice(0, 5)).toEqual([])
  },
)
