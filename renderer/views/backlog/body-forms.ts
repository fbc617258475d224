import { visibleLines } from '../../../core/backlog/visible-text.ts'

export const bodyForms = ['text', 'json', 'hex'] as const
export type BodyForm = (typeof bodyForms)[number]

/** The bytes of a body that came as Base64. */
export function bytesOf(base64: string): Uint8Array {
  const binary = atob(base64)
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}

export function textOf(bytes: Uint8Array): string {
  return visibleLines(new TextDecoder('utf-8').decode(bytes))
}

/** Indented JSON; undefined when the body is none. */
export function jsonOf(bytes: Uint8Array): string | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof value === 'object' && value !== null ? JSON.stringify(value, undefined, 2) : undefined
  } catch {
    return undefined
  }
}

/** Bytes in a line of the hexadecimal form. */
export const hexWidth = 16

/** `00000010  48 65 6c 6c 6f                                    |Hello|` */
export function hexLine(bytes: Uint8Array, line: number): string {
  const part = bytes.subarray(line * hexWidth, (line + 1) * hexWidth)
  const codes = Array.from(part, (byte) => byte.toString(16).padStart(2, '0'))
  const halves = [codes.slice(0, 8).join(' ').padEnd(23), codes.slice(8).join(' ').padEnd(23)].join('  ')
  const text = Array.from(part, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
  return `${(line * hexWidth).toString(16).padStart(8, '0')}  ${halves}  |${text}|`
}
