import { describe, expect, it } from 'vitest'
import { secretUses } from '../../../electron/secret-uses.ts'

const usesOf = async (text: string) =>
  (await secretUses([{ path: 'flow.properties', text }], '/')).map(({ name, key, line, optional }) => ({
    ...{ name, key, line, optional },
  }))

describe('where a configuration uses a secret', () => {
  it('is each key whose value names it, with its line', async () => {
    const text = [
      'a1.sinks.k1.truststore-password = ${UPSTREAM_PASSWORD}',
      '# a1.sinks.k2.truststore-password = ${COMMENTED}',
      'a1.sources.r1.keystore-password = x-${env:KEY_PASSWORD}-${env:KEY_PASSWORD}',
      'a1.sources.r1.port = ${PORT_NUMBER:-4141}',
    ].join('\n')
    expect(await usesOf(text)).toEqual([
      { name: 'UPSTREAM_PASSWORD', key: 'a1.sinks.k1.truststore-password', line: 1, optional: false },
      { name: 'KEY_PASSWORD', key: 'a1.sources.r1.keystore-password', line: 3, optional: false },
      { name: 'PORT_NUMBER', key: 'a1.sources.r1.port', line: 4, optional: true },
    ])
  })

  it('is not where the text is meant literally, another key has the name, or the system sets it', async () => {
    const text = ['NAMED = here', 'a.b = $${NOT_MEANT}', 'a.c = ${NAMED}', 'a.d = ${HOME}', 'a.e = ${a.b}'].join('\n')
    expect(await usesOf(text)).toEqual([])
  })

  it('is by way of a filter only where that one looks into the environment', async () => {
    const text = [
      'a1.configfilters = f1 f2',
      'a1.configfilters.f1.type = env',
      'a1.configfilters.f2.type = external',
      "a1.sinks.k1.password = ${f1['ONE_SECRET']}",
      "a1.sinks.k2.password = ${f2['OTHER_SECRET']}",
    ].join('\n')
    expect(await usesOf(text)).toEqual([{ name: 'ONE_SECRET', key: 'a1.sinks.k1.password', line: 4, optional: false }])
  })
})
