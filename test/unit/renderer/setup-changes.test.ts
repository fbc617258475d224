import { describe, expect, test } from 'vitest'
import { configuredParts } from '../../../renderer/views/configuration/configured-parts.ts'
import { fieldErrors, presentFields, setupChanges, setupParts } from '../../../renderer/views/setup/setup-changes.ts'

const text = `a.sources = n1 r1
a.sinks = k1
a.sources.n1.type = netcat
a.sources.r1.type = TAILDIR
a.sources.r1.filegroups = g1 g2
a.sources.r1.filegroups.g1 = /var/log/app/.*\\\\.log
a.sinks.k1.type = avro
a.sinks.k1.hostname = upstream
a.sinks.k1.port = 4141
`
const parts = setupParts(configuredParts(text, 'a'))
if (parts === undefined) throw new Error('no parts')

describe('setting up a flow', () => {
  test('shows what the flow says, and changes only what differs', () => {
    const fields = presentFields(parts)
    expect(fields).toEqual({ folder: '/var/log/app', pattern: '.*\\.log', host: 'upstream', port: '4141' })
    expect(setupChanges('a', parts, fields)).toEqual(new Map())
    expect(setupChanges('a', parts, { ...fields, folder: '/srv/logs/ ', pattern: '', port: '4142' })).toEqual(
      new Map([
        ['a.sources.r1.filegroups.g1', '/srv/logs/.*'],
        ['a.sinks.k1.port', '4142'],
      ]),
    )
  })

  test('says what is wrong with a field', () => {
    expect(fieldErrors({ folder: ' ', pattern: '(', host: 'a b', port: '70000' })).toEqual({
      folder: 'give a folder',
      pattern: expect.stringMatching(/Unterminated group/) as string,
      host: 'a host name has no blanks and no /',
      port: 'give a port from 1 to 65535',
    })
    expect(Object.values(fieldErrors(presentFields(parts)))).toEqual(['', '', '', ''])
    expect(setupParts(configuredParts('a.sources = n1\na.sources.n1.type = netcat\n', 'a'))).toBeUndefined()
  })
})
