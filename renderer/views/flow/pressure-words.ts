import type { Pressure } from './pressure.ts'

/** So many names stand for those who share a reason, so many reasons for all. */
const [mostNames, mostReasons] = [3, 3]

/**
 * Where pressure starts, in as few words as it takes: who is held up for the same reason is named together, and of very
 * many only how many they are; the picture marks each.
 */
export function pressureWords(found: readonly Pressure[]): string {
  const groups = new Map<string, Pressure[]>()
  for (const one of found) {
    const alike = `${one.kind} ${one.why}`
    groups.set(alike, [...(groups.get(alike) ?? []), one])
  }
  const largest = [...groups.values()].toSorted((a, b) => b.length - a.length)
  const said = largest.slice(0, mostReasons).map(sentenceOf)
  const unsaid = largest.slice(mostReasons).reduce((sum, { length }) => sum + length, 0)
  return [...said, ...(unsaid === 0 ? [] : [`${unsaid} more parts`])].join('; ')
}

function sentenceOf(group: readonly Pressure[]): string {
  const [{ kind, name, why } = { kind: 'channel', name: '', why: '' }] = group
  if (group.length === 1) return `${kind} ${name} is ${why}`
  const names = group.slice(0, mostNames).map((one) => one.name)
  const others = group.length - names.length
  return `${kind}s ${names.join(', ')}${others > 0 ? ` and ${others} more` : ''} are ${why}`
}
