import { expect, test } from 'vitest'
import { isSecretKey, maskedLines } from '../../core/config/secret-mask.ts'

const properties = (...lines: string[]) => maskedLines(lines, false)
const yaml = (...lines: string[]) => maskedLines(lines, true)

test('the value of a secret is masked in a line of either form, and nothing else', () => {
  expect(properties('a1.sinks.k1.keystore-password = geheim')).toEqual(['a1.sinks.k1.keystore-password = ***'])
  expect(yaml('    keystore-password: "geheim"')).toEqual(['    keystore-password: ***'])
  expect(properties('a1.sinks.k1.keystorePassword=x y')).toEqual(['a1.sinks.k1.keystorePassword=***'])
  expect(properties("password = ${vault['key']}")).toEqual(["password = ${vault['key']}"])
  const others = ['a1.sinks.k1.port = 4141', '# the password is elsewhere', 'a1.sinks.k1.passwordless = true', '']
  expect(properties(...others)).toEqual(others)
  expect(isSecretKey('truststore-password')).toBe(true)
  expect(isSecretKey('hostname')).toBe(false)
})

test('a value that goes on behind a backslash is masked to its end, and no further', () => {
  expect(properties('password = \\', '  ge\\', '  heim', 'port = 1')).toEqual([
    'password = ***',
    '  ***',
    '  ***',
    'port = 1',
  ])
  expect(properties('password = ends in \\\\', 'port = 1')).toEqual(['password = ***', 'port = 1'])
  expect(properties('password = x', '  port = 1')).toEqual(['password = ***', '  port = 1'])
})

test('a value that goes on in lines further in is masked to its end, and no further', () => {
  for (const start of ['|', '>-', '"ge', ''])
    expect(yaml(`  password: ${start}`.trimEnd(), '    ge', '', '    heim', '  port: 1', '    sub: 2')).toEqual([
      start === '' ? '  password:' : '  password: ***',
      '    ***',
      '',
      '    ***',
      '  port: 1',
      '    sub: 2',
    ])
})
