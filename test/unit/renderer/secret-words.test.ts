import { describe, expect, it } from 'vitest'
import { missingSecret, nameProblem, removalWarning } from '../../../renderer/views/secrets/secret-words.ts'

describe('the words about a secret', () => {
  it('say which keys a removal leaves without it', () => {
    const use = (key: string, optional = false) => ({ key, line: 1, optional })
    expect(removalWarning({ name: 'A', uses: [] })).toMatch(/^Nothing in the configuration uses A\./)
    expect(removalWarning({ name: 'A', uses: [use('x.password'), use('x.port', true)] })).toMatch(
      /^x\.password needs A\./,
    )
    expect(removalWarning({ name: 'A', uses: [use('x.port', true)] })).toMatch(/^x\.port falls back on its default/)
  })

  it('find the missing one in a finding, and no other reference', () => {
    expect(missingSecret('${UP_PASSWORD} is no key of the configuration and not in the environment')).toBe(
      'UP_PASSWORD',
    )
    expect(missingSecret('the environment has no UP_PASSWORD')).toBe('UP_PASSWORD')
    expect(missingSecret('${a.b} is no key of the configuration and not in the environment')).toBeUndefined()
    expect(missingSecret('there is no sink type loger')).toBeUndefined()
  })

  it('refuse a name that a configuration could not say', () => {
    expect(nameProblem('UPSTREAM_PASSWORD')).toBe('')
    expect(nameProblem('')).toBe('')
    for (const name of ['lower', '1A', 'A-B', 'A B']) expect(nameProblem(name)).not.toBe('')
  })
})
