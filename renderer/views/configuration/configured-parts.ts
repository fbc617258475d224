import { Findings } from '../../../core/config/findings.ts'
import { parseProperties } from '../../../core/config/properties-form.ts'

/** The kinds of parts that a form can make, by the word that stands in a key. */
export const partSections = { source: 'sources', channel: 'channels', sink: 'sinks' } as const
export type PartKind = keyof typeof partSections

/** A part as the text has it, references and all. */
export interface ConfiguredPart {
  readonly kind: PartKind
  readonly name: string
  readonly type: string
  /** Keys below the part: `port`, `selector.type`. */
  readonly settings: ReadonlyMap<string, string>
}

function valuesOf(text: string): Map<string, string> {
  const entries = parseProperties('', text, new Findings())
  return new Map(entries.map(({ key, value }) => [key.trim(), value.trim()]))
}

/** The sources, channels and sinks of an agent in a `.properties` text. */
export function configuredParts(text: string, agent: string): ConfiguredPart[] {
  const values = valuesOf(text)
  return (Object.entries(partSections) as [PartKind, string][]).flatMap(([kind, section]) =>
    (values.get(`${agent}.${section}`) ?? '')
      .split(/\s+/)
      .filter((name) => name !== '')
      .map((name) => {
        const prefix = `${agent}.${section}.${name}.`
        const settings = new Map(
          [...values].flatMap(([key, value]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [])),
        )
        return { kind, name, type: settings.get('type') ?? '', settings }
      }),
  )
}

/**
 * The keys that make `part` what the form says. `before`: the part as the text has it, undefined for a new one, which
 * enters its section's list too. Settings that became empty are taken out.
 */
export function partChanges(
  text: string,
  agent: string,
  part: ConfiguredPart,
  before: ConfiguredPart | undefined,
): Map<string, string | undefined> {
  const section = partSections[part.kind]
  const prefix = `${agent}.${section}.${part.name}.`
  const changes = new Map<string, string | undefined>()
  if (before === undefined) {
    const names = (valuesOf(text).get(`${agent}.${section}`) ?? '').split(/\s+/).filter((name) => name !== '')
    changes.set(`${agent}.${section}`, [...names, part.name].join(' '))
  }
  for (const key of before?.settings.keys() ?? []) if (!part.settings.has(key)) changes.set(prefix + key, undefined)
  for (const [key, value] of part.settings) {
    if (value === '') {
      if (before?.settings.has(key)) changes.set(prefix + key, undefined)
    } else if (value !== before?.settings.get(key)) changes.set(prefix + key, value)
  }
  return changes
}

/** The keys that take a part out: its own, and its name in its section's list. */
export function removalChanges(text: string, agent: string, part: ConfiguredPart): Map<string, string | undefined> {
  const section = partSections[part.kind]
  const names = configuredParts(text, agent)
    .filter(({ kind, name }) => kind === part.kind && name !== part.name)
    .map(({ name }) => name)
  const changes = new Map<string, string | undefined>([
    [`${agent}.${section}`, names.length === 0 ? undefined : names.join(' ')],
  ])
  for (const key of part.settings.keys()) changes.set(`${agent}.${section}.${part.name}.${key}`, undefined)
  return changes
}
