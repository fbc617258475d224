import { expect, test } from 'vitest'
import { isSecretKey, maskedLine } from '../../core/config/secret-mask.ts'

test('the value of a secret is masked in a line of either form, and nothing else', () => {
  expect(maskedLine('a1.sinks.k1.keystore-password = geheim')).toBe('a1.sinks.k1.keystore-password = ***')
  expect(maskedLine('    keystore-password: "geheim"')).toBe('    keystore-password: ***')
  expect(maskedLine('a1.sinks.k1.keystorePassword=x y')).toBe('a1.sinks.k1.keystorePassword=***')
  expect(maskedLine("password = ${vault['key']}")).toBe("password = ${vault['key']}")
  for (const line of ['a1.sinks.k1.port = 4141', '# the password is elsewhere', 'a1.sinks.k1.passwordless = true', ''])
    expect(maskedLine(line)).toBe(line)
  expect(isSecretKey('truststore-password')).toBe(true)
  expect(isSecretKey('hostname')).toBe(false)
})
