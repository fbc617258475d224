import { Findings } from './findings.ts'
import { parseProperties } from './properties-form.ts'
import { propertyLine } from './properties-text.ts'

/** A key's new value as it stands in the file, references and all; undefined takes the key out. */
export type PropertyChanges = ReadonlyMap<string, string | undefined>

/**
 * Changes single keys of a `.properties` text and leaves every other byte alone, comments and order too. A new key goes
 * below the last one of the same component, or to the end. Where a key is set twice, the last counts and is changed.
 */
export function editProperties(text: string, changes: PropertyChanges): string {
  const lines = text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? []
  const newline = /\r\n|\r|\n/.exec(text)?.[0] ?? '\n'
  const entries = parseProperties('', text, new Findings())
  const replaced = new Map<number, string>()
  const removed = new Set<number>()
  const added = new Map<number, string[]>()
  for (const [key, value] of changes) {
    const line = value === undefined ? undefined : `${propertyLine(key, value)}${newline}`
    const places = entries.filter((entry) => entry.key.trim() === key).map(({ keyAt }) => keyAt.line - 1)
    const last = places.at(-1)
    if (last !== undefined) {
      for (const place of line === undefined ? places : [last]) {
        for (let at = place; at < physicalEnd(lines, place); at++) removed.add(at)
        if (line !== undefined) replaced.set(place, line)
      }
    } else if (line !== undefined) {
      const neighbour = entries.findLast((entry) => sameComponent(entry.key.trim(), key))
      const after = neighbour === undefined ? lines.length : physicalEnd(lines, neighbour.keyAt.line - 1)
      added.set(after, [...(added.get(after) ?? []), line])
    }
  }
  let result = ''
  for (let at = 0; at <= lines.length; at++) {
    for (const line of added.get(at) ?? []) {
      if (result !== '' && !/[\r\n]$/.test(result)) result += newline
      // A backslash at the very end would make the new line its continuation.
      if (/(?<!\\)(?:\\\\)*\\[\r\n]+$/.test(result)) result += newline
      result += line
    }
    const line = replaced.get(at) ?? (removed.has(at) ? '' : (lines[at] ?? ''))
    result += line
  }
  return result
}

/** `a1.sources.r1.port` and `a1.sources.r1.type`; `a1.sources` and `a1.channels`. */
function sameComponent(one: string, other: string): boolean {
  const scope = (key: string) => {
    const parts = key.split('.')
    return parts.length <= 2 ? parts[0] : parts.slice(0, 3).join('.')
  }
  return scope(one) === scope(other) && one.split('.').length <= 2 === other.split('.').length <= 2
}

/** The first line behind the logical line that starts at `start`: a backslash at the end goes on in the next. */
function physicalEnd(lines: readonly string[], start: number): number {
  let at = start
  while (at < lines.length && (/(\\*)[\r\n]*$/.exec(lines[at] ?? '')?.[1]?.length ?? 0) % 2 === 1) at++
  return Math.min(at + 1, lines.length)
}
