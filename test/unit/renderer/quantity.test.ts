import { describe, expect, test } from 'vitest'
import { formatBytes, formatRate } from '../../../renderer/format/quantity.ts'
import { formatDuration } from '../../../renderer/format/time.ts'
import { parseRate } from '../../../renderer/format/rate-input.ts'

describe('quantities as an operator reads them', () => {
  test('bytes keep three digits and never show a thousand of a unit', () => {
    expect([0, 999, 1_000, 12_345, 999_499, 999_600, 1e9, 5.5e15].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.00 kB',
      '12.3 kB',
      '999 kB',
      '1.00 MB',
      '1.00 GB',
      '5.50 PB',
    ])
  })

  test('rates below ten keep a digit after the point', () => {
    expect([0, 0.04, 4.26, 12.6, 12_345].map(formatRate)).toEqual(['0/s', '0.040/s', '4.3/s', '13/s', '12.3K/s'])
  })

  test('durations show their two largest units', () => {
    expect([0.2, 59, 61, 3_600, 90_061, 86_400, Infinity].map(formatDuration)).toEqual([
      'under 1 s',
      '59 s',
      '1 min 1 s',
      '1 h',
      '1 d 1 h',
      '1 d',
      'never',
    ])
  })

  test('a rate is read with its separators, and refused in words', () => {
    expect(parseRate('')).toEqual({ error: '' })
    expect(parseRate('5,000')).toEqual({ rate: 5_000, error: '' })
    for (const wrong of ['-1', '0', 'fast', '2e9']) expect(parseRate(wrong).error).not.toBe('')
  })
})
