import fs from 'node:fs'
import { errorText, SluiceError } from '../../errors.ts'

/**
 * Reads the keys for encryption at rest: 64 hexadecimal digits a line, the active one first; empty lines and lines
 * with `#` are skipped. Throws `SLUICE_CONFIG`, which never shows what is in the file.
 */
export function readKeyFile(file: string): Buffer[] {
  let lines: string[]
  try {
    lines = fs.readFileSync(file, 'utf8').split('\n')
  } catch (error) {
    throw new SluiceError('SLUICE_CONFIG', `cannot read the key file ${file}: ${errorText(error)}`, { cause: error })
  }
  const keys: Buffer[] = []
  lines.forEach((line, index) => {
    const digits = line.trim()
    if (digits === '' || digits.startsWith('#')) return
    if (!/^[0-9a-fA-F]{64}$/.test(digits))
      throw new SluiceError('SLUICE_CONFIG', `${file}, line ${index + 1}: a key is 64 hexadecimal digits`)
    keys.push(Buffer.from(digits, 'hex'))
  })
  if (keys.length === 0)
    throw new SluiceError('SLUICE_CONFIG', `${file} has no key: write 64 random hexadecimal digits on its first line`)
  return keys
}
