import { type ConfigEntry, LineIndex } from './entry.ts'
import type { Findings } from './findings.ts'

const isBlank = (one: string | undefined) => one === ' ' || one === '\t' || one === '\f'
const isLineEnd = (one: string | undefined) => one === '\n' || one === '\r'

/** A line with its continuations joined: the characters, and where each of them stands in the text. */
interface LogicalLine {
  readonly text: string
  readonly offsets: readonly number[]
}

/** Yields the logical lines of `.properties` as java.util.Properties sees them: no comments, no leading blanks. */
function* logicalLines(text: string): Generator<LogicalLine> {
  let at = text.startsWith('\ufeff') ? 1 : 0
  let line = ''
  let offsets: number[] = []
  while (at < text.length) {
    while (isBlank(text[at])) at++
    if (line === '' && (text[at] === '#' || text[at] === '!')) {
      while (at < text.length && !isLineEnd(text[at])) at++
    }
    let backslash = false
    while (at < text.length && !isLineEnd(text[at])) {
      backslash = text[at] === '\\' && !backslash
      offsets.push(at)
      line += text[at++] ?? ''
    }
    if (backslash) {
      line = line.slice(0, -1)
      offsets.pop()
    }
    const isLast = at + 1 >= text.length
    if (text[at] === '\r' && text[at + 1] === '\n') at++
    at++
    if (backslash && !isLast) continue
    // A backslash that ends the text makes a line of nothing, which Java takes for an empty key.
    if (line !== '' || backslash) yield { text: line, offsets }
    line = ''
    offsets = []
  }
  if (line !== '') yield { text: line, offsets }
}

/** Where the key ends and the value starts: at the first `=`, `:` or blank that no backslash escapes. */
function split(line: string): { keyEnd: number; valueStart: number } {
  let keyEnd = 0
  while (keyEnd < line.length && !isBlank(line[keyEnd]) && line[keyEnd] !== '=' && line[keyEnd] !== ':')
    keyEnd += line[keyEnd] === '\\' ? 2 : 1
  keyEnd = Math.min(keyEnd, line.length)
  let valueStart = keyEnd
  while (isBlank(line[valueStart])) valueStart++
  if (line[valueStart] === '=' || line[valueStart] === ':') valueStart++
  while (isBlank(line[valueStart])) valueStart++
  return { keyEnd, valueStart }
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

/** Resolves escapes; calls `broken` with the index of a `\u` that four hexadecimal digits do not follow. */
function unescaped(text: string, broken: (index: number) => void): string {
  return text.replace(/\\(u[\da-fA-F]{4}|.|$)/gs, (_, escaped: string, index: number) => {
    if (escaped.length === 5) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
    if (escaped === 'u') broken(index)
    return escapes[escaped] ?? escaped
  })
}

/**
 * Reads `.properties` exactly as java.util.Properties does (flume.md §2.1; a test holds the two together), with the
 * position of each key and value. Keys are not trimmed or checked here.
 */
export function parseProperties(file: string, text: string, findings: Findings): ConfigEntry[] {
  const lines = new LineIndex(file, text)
  const entries: ConfigEntry[] = []
  for (const line of logicalLines(text)) {
    const { keyEnd, valueStart } = split(line.text)
    const offset = (index: number) => line.offsets[index] ?? (line.offsets.at(-1) ?? 0) + 1
    const broken = (start: number, key: string) => (index: number) => {
      findings.error(
        lines.at(offset(start + index)),
        key,
        'has a \\u that four hexadecimal digits do not follow',
        'write \\u00e4 for a character, \\\\u for a backslash and a u',
      )
    }
    const rawKey = line.text.slice(0, keyEnd)
    const key = unescaped(rawKey, broken(0, rawKey.trim()))
    const value = unescaped(line.text.slice(valueStart), broken(valueStart, key.trim()))
    entries.push({ key, value, keyAt: lines.at(offset(0)), valueAt: lines.at(offset(valueStart)) })
  }
  return entries
}
