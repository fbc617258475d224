import { isUtf8 } from 'node:buffer'
import { SluiceError } from '../../errors.ts'
import { type TextForm, textForm } from '../taildir/text-form.ts'

/** What becomes of bytes that are no character in the file's encoding. */
export const decodeErrorPolicies = ['FAIL', 'REPLACE', 'IGNORE'] as const
export type DecodeErrorPolicy = (typeof decodeErrorPolicies)[number]

const replacement = '\u{fffd}'

/** The form of `encoding`, with every line checked: `SLUICE_EVENT_FORMAT` for bytes that are no text under `FAIL`. */
export function strictTextForm(encoding: string, policy: DecodeErrorPolicy): TextForm {
  const form = textForm(encoding)
  const recode = (bytes: Buffer, start: number, end: number): Buffer => {
    const line = bytes.subarray(start, end)
    if (form.utf8 && isUtf8(line)) return line
    const text = form.text(bytes, start, end)
    if (!text.includes(replacement)) return Buffer.from(text)
    if (policy === 'REPLACE') return Buffer.from(text)
    if (policy === 'IGNORE') return Buffer.from(text.replaceAll(replacement, ''))
    const shown = text.slice(0, 60)
    throw new SluiceError('SLUICE_EVENT_FORMAT', `bytes that are no ${encoding} in the line that begins: ${shown}`)
  }
  return { ...form, recode }
}
