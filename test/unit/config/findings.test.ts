import { describe, expect, test } from 'vitest'
import { Findings } from '../../../core/config/findings.ts'

const at = (line: number) => ({ file: 'f', line, column: 1 })

describe('the findings of a file that is none', () => {
  test('as many as somebody can read, and how many more there are', () => {
    const findings = new Findings()
    for (let line = 1; line <= 13_000; line++) findings.error(at(line), 'key', `is wrong on line ${line}`)
    const list = findings.list(['f'])
    expect(list).toHaveLength(201)
    expect(list[0]?.message).toBe('is wrong on line 1')
    expect(list.at(-1)).toMatchObject({
      severity: 'error',
      line: 13_000,
      message: 'is the last of 12800 findings that are not listed',
    })
  })

  test('no error is left out for a warning', () => {
    const findings = new Findings()
    for (let line = 1; line <= 300; line++) findings.warning(at(line), 'key', 'is not used')
    findings.error(at(400), 'key', 'is wrong')
    const list = findings.list(['f'])
    expect(list).toHaveLength(201)
    expect(list.filter(({ severity }) => severity === 'error').map(({ line }) => line)).toEqual([400])
    expect(list.at(-1)).toMatchObject({ severity: 'warning', line: 300 })
  })

  test('few are listed as they are', () => {
    const findings = new Findings()
    findings.warning(at(2), 'b', 'is not used')
    findings.error(at(1), 'a', 'is wrong')
    expect(findings.list(['f']).map(({ line }) => line)).toEqual([1, 2])
  })
})
