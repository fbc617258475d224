import { type AnyDefinition, type ComponentKind, componentKinds } from './definition.ts'
import { keyDefault } from './key-default.ts'
import { type DeclaredKey, declaredKeys, metadata } from './settings-shape.ts'

const kindIntroductions: Readonly<Record<ComponentKind, string>> = {
  source:
    'Every source has `type`, `channels` (names separated by blanks), `selector.type` (`replicating`) with `selector.*`, and `interceptors` (names, in their order) with `interceptors.NAME.type` and `interceptors.NAME.*`.',
  channel: 'Every channel has `type`.',
  sink: 'Every sink has `type` and `channel`.',
  interceptor: 'Keys stand below `AGENT.sources.SOURCE.interceptors.NAME.`',
  selector: 'Keys stand below `AGENT.sources.SOURCE.selector.`',
  processor: 'Keys stand below `AGENT.sinkgroups.GROUP.processor.`; the group itself has `sinks`.',
  serializer: 'Named by a sink, with its own keys below the same key: `sink.serializer`, `sink.serializer.*`.',
  deserializer: 'Named by a spooldir source, with its own keys below the same key: `deserializer`, `deserializer.*`.',
}

const kindTitles: Readonly<Record<ComponentKind, string>> = {
  source: 'Sources',
  channel: 'Channels',
  sink: 'Sinks',
  interceptor: 'Interceptors',
  selector: 'Channel selectors',
  processor: 'Sink processors',
  serializer: 'Event serializers',
  deserializer: 'Event deserializers',
}

const typeNames: Readonly<Record<string, string>> = {
  whole: 'whole number',
  flag: '`true` or `false`',
  words: 'words, separated by blanks',
  commas: 'list, separated by commas',
  named: 'group of keys',
  unknown: 'text',
}

/** A text as a cell of a Markdown table. */
const cell = (value: string) => value.replace(/\|/g, '\\|').replace(/\s+/g, ' ').trim()

function typeText({ kind, nested, schema }: DeclaredKey): string {
  const choices = metadata(schema, 'sample')
  if (kind === 'choice' && Array.isArray(choices)) return choices.map((one) => `\`${String(one)}\``).join(', ')
  if (nested !== undefined) return `type of a ${nested}`
  return typeNames[kind] ?? kind
}

/** What a key is when it is not given: its default, `required`, or nothing. */
function defaultText(key: DeclaredKey): string {
  const { text, required } = keyDefault(key)
  if (text !== undefined) return `\`${text}\``
  return required ? '**required**' : ''
}

function definitionText(definition: AnyDefinition): string {
  const keys = declaredKeys(definition.settings)
  const lines = [`### ${definition.type}`, '', definition.summary, '']
  if (definition.aliases.length > 0)
    lines.push(`Also: ${definition.aliases.map((alias) => `\`${alias}\``).join(', ')}.`, '')
  if (keys.length > 0) {
    lines.push('| key | value | default | meaning |', '| --- | --- | --- | --- |')
    for (const key of keys) {
      const name = key.group ? `${key.key}.*` : key.key
      lines.push(`| \`${name}\` | ${cell(typeText(key))} | ${cell(defaultText(key))} | ${cell(key.description)} |`)
    }
    lines.push('')
  }
  const differences = definition.differences ?? []
  if (differences.length > 0) lines.push('Different from Flume:', '', ...differences.map((one) => `- ${one}`), '')
  return lines.join('\n')
}

/** The reference page of all definitions, in Markdown: made from what checks the configuration, so it cannot be wrong. */
export function componentReference(definitions: readonly AnyDefinition[]): string {
  const parts = [
    '# Components',
    '',
    '<!-- Made by `npm run docs` from the definitions. Change those, not this page. -->',
    '',
    'Types are matched without regard to case. Keys are as in Flume; an unknown one is a warning with the nearest known key. How files are written: [configuration](configuration.md); types of your own: [custom components](custom-components.md).',
    '',
  ]
  for (const kind of componentKinds) {
    const ofKind = definitions.filter((definition) => definition.kind === kind)
    if (ofKind.length === 0) continue
    parts.push(`## ${kindTitles[kind]}`, '', kindIntroductions[kind], '')
    for (const definition of ofKind.toSorted((a, b) => (a.type.toLowerCase() < b.type.toLowerCase() ? -1 : 1)))
      parts.push(definitionText(definition))
  }
  return parts.join('\n')
}
