import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { errorCodes } from '../../core/errors.ts'

describe('the error codes', () => {
  it('are sorted, unique, and each explained in docs/errors.md, in the same order', () => {
    const rows = readFileSync('docs/errors.md', 'utf8').split('\n')
    const documented = rows.flatMap((row) => /^\| `(SLUICE_\w+)` *\| [^|]{10,}\| [^|]{7,}\|$/.exec(row)?.[1] ?? [])
    expect(documented).toEqual(errorCodes)
    expect([...new Set(errorCodes)].sort()).toEqual(errorCodes)
  })
})
