import { expect, test } from 'vitest'
import { snappyUncompressed } from '../../core/deserializer/snappy.ts'

/** Made by snappy-java from what `expected` is. */
const compressed = Buffer.from(
  'nww4bGluZSAwIGdyw7bDn2UKBQ8ENDEJCAQ4MgkIBDIyNiAABDYzCRgNBwQ0NDYfAAQ4NQkfADINCAQ2NjYgAAA2CR8ENDcJCAQ4ODYfAAQyOAkYBDY5CQgA' +
    'OTYfAAQ1MA0XDaUEMzE2IAAANw21ADENCAQ1MzYgAAQ5NAlAADMNCAQ3NTYgAAAxDbYANQ2nBDk3NiAAADMNtwA3DacAMTq/AAA1DbcEMTANqQA0Ol4B' +
    'ADgNuQAyDQgANjpeAQ24ADQtXgA4Ol4BADINuAA2Eag2nwAANA23ADgNpwAyOr8AADYNtw0HBDQ5Nj8AADkNtQAzDQgANzpeAQAxDbUANQ2mADk6XgEA' +
    'Mw22ADcNpgAxOr4AADUNtgA5DacAMzocAgA3DbcAMQ0IADU6XgEAOS1eADMNCAA4Ol0BADINuAA2Dag6vwAANA23ADgNpwAyOr8AADYNtxEHOl0BADgN' +
    'tgAyDQgANjpdAQ21ADQtXQA4Ol0BADINtQA3DaUAMTq9AAA1DbUAOQ2mADM6GgIANw22ADENCAA1Ol0BADktXQAzDQgANzpdAQAxDbcANQ2oADk6XQEA' +
    'Mw24ADcNqAAxOsAAADYNuA0HADQ6XQGZL2liADY6XQENtgA0LV0AODpdAZkvDT82mgKZLwkfADI6vQCVLwkfADU6XAGZLwQKeP4BAP4BAP4BAP4BAKoB' +
    'AA==',
  'base64',
)

const expected =
  Array.from({ length: 120 }, (_, index) => `line ${(index * 7919) % 101}${index % 3 === 0 ? ' größe' : ''}\n`).join(
    '',
  ) + 'x'.repeat(300)

test('reads what Java wrote: literals, near and far copies, copies into themselves', () => {
  expect(snappyUncompressed(compressed, 10_000).toString()).toBe(expected)
})

test('refuses more than the limit before it makes room for it', () => {
  expect(() => snappyUncompressed(compressed, 1000)).toThrow('holds 1567 bytes, and 1000 is the most')
})

test('damaged data is an error, whatever byte it is', () => {
  let refused = 0
  for (let at = 0; at < compressed.length; at++) {
    const damaged = Buffer.from(compressed)
    damaged[at] = (damaged[at] ?? 0) ^ 0x55
    try {
      expect(snappyUncompressed(damaged, 1_000_000).length).toBeGreaterThan(0)
    } catch (error) {
      expect(error).toMatchObject({ code: 'SLUICE_FILE' })
      refused++
    }
    expect(() => snappyUncompressed(compressed.subarray(0, at), 1_000_000)).toThrow('snappy')
  }
  expect(refused).toBeGreaterThan(compressed.length / 4)
})
