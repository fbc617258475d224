import type { ConfigEntry, Position } from './entry.ts'
import type { Findings } from './findings.ts'
import { nearest, suggestion } from './nearest.ts'

export const sectionNames = ['sources', 'channels', 'sinks', 'sinkgroups', 'configfilters'] as const
export type SectionName = (typeof sectionNames)[number]

const singular: Readonly<Record<SectionName, string>> = {
  sources: 'source',
  channels: 'channel',
  sinks: 'sink',
  sinkgroups: 'sink group',
  configfilters: 'config filter',
}

/** A component as written: its name and its keys, without `<agent>.<section>.<name>.`. */
export interface ComponentSection {
  readonly name: string
  /** What findings call it: `source r1`. */
  readonly label: string
  /** `a1.sources.r1` */
  readonly path: string
  readonly entries: ReadonlyMap<string, ConfigEntry>
  /** Where to point to when a key is missing: its `type`, else its first key. */
  readonly at: Position
}

/** One agent's part of the file: the components that are listed and configured, in the order of the lists. */
export type AgentSection = Readonly<Record<SectionName, readonly ComponentSection[]>>

/** The items of a whitespace-separated value, or of a YAML list. */
export const itemsOf = (entry: ConfigEntry): string[] =>
  entry.value === '' ? [] : [...(entry.items ?? entry.value.split(/\s+/))]

export function componentSection(
  label: string,
  path: string,
  name: string,
  entries: ReadonlyMap<string, ConfigEntry>,
  otherwise: Position,
): ComponentSection {
  const [first] = entries.values()
  return { name, label, path, entries, at: entries.get('type')?.valueAt ?? first?.keyAt ?? otherwise }
}

/** The entries below `prefix.`, without it. */
export function entriesBelow(entries: ReadonlyMap<string, ConfigEntry>, prefix: string): Map<string, ConfigEntry> {
  const below = new Map<string, ConfigEntry>()
  for (const [key, entry] of entries) if (key.startsWith(`${prefix}.`)) below.set(key.slice(prefix.length + 1), entry)
  return below
}

/** Groups entries by the first segment of their key; what has no second segment is reported. */
function byName(entries: ReadonlyMap<string, ConfigEntry>, label: string, findings: Findings) {
  const groups = new Map<string, Map<string, ConfigEntry>>()
  for (const [key, entry] of entries) {
    const dot = key.indexOf('.')
    if (dot <= 0 || dot === key.length - 1) {
      findings.error(
        entry.keyAt,
        entry.key,
        dot === 0 ? `has no name of a ${label}` : `has nothing after the ${label}'s name`,
        `write AGENT.${label.replace(' ', '')}s.NAME.KEY = VALUE`,
      )
      continue
    }
    const name = key.slice(0, dot)
    const group = groups.get(name) ?? new Map<string, ConfigEntry>()
    groups.set(name, group.set(key.slice(dot + 1), entry))
  }
  return groups
}

/** Components that are both listed and configured; the rest is reported (flume.md §2.2). */
export function listedSections(
  list: ConfigEntry | undefined,
  path: string,
  below: ReadonlyMap<string, ConfigEntry>,
  label: string,
  findings: Findings,
): ComponentSection[] {
  const groups = byName(below, label, findings)
  const names = list === undefined ? [] : itemsOf(list)
  const wanted = new Set(names)
  const unlisted = [...groups.keys()].filter((one) => !wanted.has(one))
  const listed = new Set<string>()
  const sections: ComponentSection[] = []
  for (const name of names) {
    if (list === undefined) break
    if (listed.has(name)) {
      findings.warningAt(list, `lists ${name} twice`, 'list it once')
      continue
    }
    listed.add(name)
    const entries = groups.get(name)
    if (entries !== undefined)
      sections.push(componentSection(`${label} ${name}`, `${path}.${name}`, name, entries, list.valueAt))
    else if (name.includes('.'))
      findings.errorAt(list, `${label} ${name} has a dot in its name`, 'take a name without dots')
    else {
      const near = nearest(name, unlisted)
      const hint = near === undefined ? `add ${path}.${name}.type = …` : `did you mean ${near}?`
      findings.errorAt(list, `${label} ${name} is listed but not configured`, hint)
    }
  }
  for (const [name, entries] of groups) {
    const [first] = entries.values()
    if (listed.has(name) || first === undefined) continue
    findings.warning(
      first.keyAt,
      first.key,
      `${label} ${name} is configured but not listed: it is not used`,
      `add ${name} to ${path}, or remove its keys`,
    )
  }
  return sections
}

/** Names of the agents that the entries are about. */
export function agentNames(entries: ReadonlyMap<string, ConfigEntry>): string[] {
  const names = new Set<string>()
  for (const key of entries.keys()) {
    const [agent = '', section = ''] = key.split('.')
    if (agent !== '' && sectionNames.some((one) => one === section)) names.add(agent)
  }
  return [...names]
}

/** Reports keys that belong to no agent, and empty values of `agent`'s keys. */
function checkKeys(entries: ReadonlyMap<string, ConfigEntry>, agent: string, findings: Findings): void {
  const agents = new Set(agentNames(entries))
  for (const [key, entry] of entries) {
    const [first = '', section = ''] = key.split('.')
    if (!key.includes('.') || first === '' || section === '') {
      // A key without a dot may be there to be referred to: `home = /data`, then `${home}`.
      if (key === '' || key.includes('.'))
        findings.warning(entry.keyAt, key, 'is no key of an agent', 'write AGENT.SECTION…')
    } else if (first === agent) {
      if (entry.value === '') findings.errorAt(entry, 'has an empty value', 'give a value or remove the line')
      if (!sectionNames.some((one) => one === section))
        findings.warning(
          entry.keyAt,
          key,
          `${section} is no section of an agent`,
          suggestion(section, sectionNames, 'known'),
        )
    } else if (!agents.has(first)) {
      const near = nearest(first, [agent])
      if (near !== undefined) findings.warning(entry.keyAt, key, `is about an agent ${first}`, `did you mean ${near}?`)
    }
  }
}

/** Splits one agent's keys into components; undefined when the file has no such agent. */
export function agentSection(
  entries: ReadonlyMap<string, ConfigEntry>,
  agent: string,
  whole: Position,
  findings: Findings,
): AgentSection | undefined {
  checkKeys(entries, agent, findings)
  const agents = agentNames(entries)
  if (!agents.includes(agent)) {
    const near = nearest(agent, agents)
    const hint = agents.length === 0 ? `start with ${agent}.sources = …` : `it has ${agents.join(', ')}`
    const meant = near === undefined ? '' : `; did you mean ${near}?`
    findings.error(whole, agent, `there is no agent ${agent} in this configuration`, `${hint}${meant}`)
    return undefined
  }
  const own = entriesBelow(entries, agent)
  const section = (name: SectionName) =>
    listedSections(own.get(name), `${agent}.${name}`, entriesBelow(own, name), singular[name], findings)
  return {
    sources: section('sources'),
    channels: section('channels'),
    sinks: section('sinks'),
    sinkgroups: section('sinkgroups'),
    configfilters: section('configfilters'),
  }
}
