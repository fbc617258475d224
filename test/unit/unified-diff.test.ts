import { fc } from '../property-checks.ts'
import { describe, expect, test } from 'vitest'
import { unifiedDiff } from '../../core/config/unified-diff.ts'

/** What a patch makes of the old lines. */
function patched(before: readonly string[], diff: string): string[] {
  const result: string[] = []
  let at = 0
  const lines = diff.split('\n').slice(2, -1)
  for (const line of lines) {
    const [, from, count] = /^@@ -(\d+),(\d+) /.exec(line) ?? []
    if (from !== undefined) {
      const start = Number(from) - (count === '0' ? 0 : 1)
      while (at < start) result.push(before[at++] ?? '')
      continue
    }
    if (line.startsWith('+')) result.push(line.slice(1))
    else {
      expect(before[at]).toBe(line.slice(1))
      if (line.startsWith(' ')) result.push(before[at] ?? '')
      at++
    }
  }
  return [...result, ...before.slice(at)]
}

describe('a unified diff', () => {
  test('makes the new text of the old one, whatever they are', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd', ''), { maxLength: 40 })
    fc.assert(
      fc.property(text, text, (before, after) => {
        const joined = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')
        const diff = unifiedDiff('f', joined(before), joined(after))
        if (joined(before) === joined(after)) expect(diff).toEqual({ text: '', added: 0, removed: 0 })
        else expect(patched(before, diff.text)).toEqual(after)
      }),
      { numRuns: 500 },
    )
  })

  test('shows what changed with three lines around it', () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`)
    const diff = unifiedDiff('a.conf', lines.join('\n'), lines.with(9, 'new').join('\n'))
    expect(diff).toEqual({
      text: [
        '--- a.conf',
        '+++ a.conf',
        '@@ -7,7 +7,7 @@',
        ...[' line 7', ' line 8', ' line 9', '-line 10', '+new', ' line 11', ' line 12', ' line 13', ''],
      ].join('\n'),
      added: 1,
      removed: 1,
    })
  })

  test('two large texts without a common line do not take long', () => {
    const lines = (word: string) => Array.from({ length: 20_000 }, (_, index) => `${word}${index}`).join('\n')
    const started = performance.now()
    expect(unifiedDiff('f', lines('a'), lines('b'))).toMatchObject({ added: 20_000, removed: 20_000 })
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})
