import type { z } from 'zod'
import type { AnyDefinition, ComponentKind } from '../component/definition.ts'
import { loadDefinition, mayNamePackage, namesFile } from '../component/load.ts'
import type { ComponentRegistry } from '../component/registry.ts'
import { declaredKeys, type DeclaredKey, objectSchema, shapeSettings } from '../component/settings-shape.ts'
import { errorText } from '../errors.ts'
import { type ComponentSection, componentSection, entriesBelow, itemsOf } from './agent-section.ts'
import type { ConfigEntry } from './entry.ts'
import type { Findings } from './findings.ts'
import { type GlobalTlsSources, globalTlsEntries, withTlsOrigins } from './global-tls.ts'
import type { ComponentConfig } from './model.ts'
import { nearest, suggestion } from './nearest.ts'

/** What checking a component needs to know. */
export interface CheckContext {
  readonly registry: ComponentRegistry
  readonly baseDirectory: string
  readonly findings: Findings
  /** Where Flume's SSL settings for all components are looked for. */
  readonly globalTls: GlobalTlsSources
}

/** A checked component, with its definition and its entries for checks across components. */
export interface CheckedComponent {
  readonly config: ComponentConfig
  readonly section: ComponentSection
  readonly definition: AnyDefinition
}

/** A Java class name, as Flume wants for everything that has no short name. */
const isClassName = (type: string) => /^([a-z_]\w*\.)+[A-Z][\w$]*$/.test(type)

export async function findDefinition(
  kind: ComponentKind,
  type: ConfigEntry,
  context: CheckContext,
): Promise<AnyDefinition | undefined> {
  const { registry, baseDirectory, findings } = context
  const builtin = registry.findBuiltin(kind, type.value)
  if (builtin !== undefined) return builtin
  if (namesFile(type.value) || (mayNamePackage(type.value) && !isClassName(type.value)))
    try {
      const loaded = await loadDefinition(kind, type.value, baseDirectory)
      if (loaded !== undefined) {
        registry.addLoaded(type.value, loaded)
        return loaded
      }
    } catch (error) {
      findings.errorAt(type, errorText(error), 'see docs/custom-components.md')
      return undefined
    }
  const known = registry.list(kind)
  const names = known.map((definition) => definition.type)
  if (isClassName(type.value)) {
    const simple = type.value.split('.').at(-1) ?? ''
    const near = nearest(simple.replace(/(\$Builder|Source|Sink|Channel|Interceptor)$/, ''), names)
    findings.errorAt(
      type,
      `there is no ${kind} for the Java class ${type.value}`,
      near === undefined ? `known types: ${names.join(', ')}` : `a Java class cannot run here; did you mean ${near}?`,
    )
  } else findings.errorAt(type, `there is no ${kind} type ${type.value}`, suggestion(type.value, names, 'known types'))
  return undefined
}

function texts(section: ComponentSection, own: ReadonlySet<string>, declared: readonly DeclaredKey[]) {
  const flat = new Map<string, string>()
  for (const [key, entry] of section.entries) {
    if (own.has(key)) continue
    const asCommas = entry.items !== undefined && declared.some((one) => one.key === key && one.kind === 'commas')
    flat.set(key, asCommas ? (entry.items ?? []).join(',') : entry.value)
  }
  // In YAML a map says both: its keys are the list (`filegroups: { g1: /var/log/app.log }`).
  for (const one of declared) {
    const group = declared.find((other) => other.group && other.key === one.key)
    if (one.group || one.kind !== 'words' || group === undefined || flat.has(one.key)) continue
    const below = entriesBelow(section.entries, one.key)
    const isYaml = [...below.values()].every((entry) => /\.ya?ml$/i.test(entry.keyAt.file))
    const names = new Set([...below.keys()].map((key) => key.split('.')[0] ?? key))
    if (isYaml && names.size > 0) flat.set(one.key, [...names].join(' '))
  }
  return flat
}

/** A group's prefix may be what is misspelt: `headers.x` for `header.x`. */
function nearestGroupKey(key: string, declared: readonly DeclaredKey[]): string | undefined {
  const segments = key.split('.')
  for (const one of declared) {
    const depth = one.key.split('.').length
    if (!one.group || segments.length <= depth) continue
    if (nearest(segments.slice(0, depth).join('.'), [one.key]) !== undefined)
      return [one.key, ...segments.slice(depth)].join('.')
  }
  return undefined
}

function reportUnknown(
  section: ComponentSection,
  unknown: readonly string[],
  declared: readonly DeclaredKey[],
  context: CheckContext,
) {
  for (const key of unknown) {
    const entry = section.entries.get(key)
    if (entry === undefined) continue
    const plain = declared.filter((one) => !one.group).map((one) => one.key)
    const near = nearestGroupKey(key, declared) ?? nearest(key, plain)
    const known = plain.length === 0 ? `a ${section.label} of this type has no keys` : `known: ${plain.join(', ')}`
    context.findings.warning(
      entry.keyAt,
      entry.key,
      `${key} is no key of ${section.label}: it is not used`,
      near === undefined ? known : `did you mean ${near}?`,
    )
  }
}

/** Neither Java nor Flume takes quotes away: who writes them around a value hardly means them. */
function reportQuotes(section: ComponentSection, declared: readonly DeclaredKey[], { findings }: CheckContext) {
  for (const [key, entry] of section.entries) {
    const [, , inner] = /^(["'])([^"']+)\1$/.exec(entry.value) ?? []
    if (inner === undefined || /\.ya?ml$/i.test(entry.valueAt.file)) continue
    if (declared.some((one) => one.key === key && one.kind === 'secret')) continue
    findings.warningAt(entry, 'the quotes are part of the value', `write ${shortened(inner)} without them`)
  }
}

/** What a schema found wrong, at the line that has it. */
function reportIssue(
  section: ComponentSection,
  issue: z.core.$ZodIssue,
  declared: readonly DeclaredKey[],
  findings: Findings,
) {
  const [first, ...rest] = issue.path.map(String)
  if (first === undefined) {
    findings.error(section.at, section.path, issue.message)
    return
  }
  const isGroup = first.endsWith('.*')
  const key = isGroup ? [first.slice(0, -2), ...rest].join('.') : first
  const entry = section.entries.get(key)
  const declaration = declared.find(
    (one) => one.key === (isGroup ? first.slice(0, -2) : first) && one.group === isGroup,
  )
  if (entry === undefined) {
    const hint =
      /^is missing: (.*)$/s.exec(issue.message)?.[1] ??
      (/^(is |Invalid input)/.test(issue.message) ? '' : issue.message)
    const isMissing = issue.message.startsWith('is missing') || issue.message.startsWith('Invalid input')
    const message = isMissing ? `${key} is missing: ${section.label} needs it` : issue.message
    const meaning = declaration?.description ?? ''
    findings.error(
      section.at,
      `${section.path}.${key}`,
      message,
      isMissing ? [hint, meaning].filter(Boolean).join('; ') : '',
    )
    return
  }
  const hidden = declaration?.kind === 'secret'
  if (hidden) findings.hide(entry.value)
  if (issue.message.startsWith('give '))
    findings.errorAt(
      entry,
      hidden ? 'has a value that cannot be used' : `"${shortened(entry.value)}" cannot be used`,
      issue.message,
    )
  else findings.errorAt(entry, issue.message, declaration?.description ?? '')
}

const shortened = (value: string) => (value.length > 80 ? `${value.slice(0, 77)}…` : value)

/** The types of components that a component makes for itself, and their settings. */
async function checkNested(section: ComponentSection, declared: readonly DeclaredKey[], context: CheckContext) {
  for (const { key, nested, schema } of declared) {
    if (nested === undefined) continue
    const written = section.entries.get(key)
    const value = written?.value ?? (schema as z.ZodType).safeParse(undefined).data
    if (typeof value !== 'string') continue
    const at = written ?? { key: `${section.path}.${key}`, value, keyAt: section.at, valueAt: section.at }
    const definition = await findDefinition(nested, at, context)
    if (definition === undefined) continue
    const below = entriesBelow(section.entries, key)
    const part = componentSection(`${nested} of ${section.label}`, `${section.path}.${key}`, nested, below, at.valueAt)
    await checkSettings(part, definition, value, new Set(), context)
  }
}

async function checkSettings(
  section: ComponentSection,
  definition: AnyDefinition,
  type: string,
  own: ReadonlySet<string>,
  context: CheckContext,
): Promise<CheckedComponent | undefined> {
  const { findings } = context
  const declared = declaredKeys(definition.settings)
  for (const one of declared) if (one.kind === 'secret') findings.hide(section.entries.get(one.key)?.value ?? '')
  const { input, unknown } = shapeSettings(definition.settings, texts(section, own, declared))
  reportUnknown(section, unknown, declared, context)
  reportQuotes(section, declared, context)
  // A group's keys are not asked for one by one: what the schema made of the empty value has been reported already.
  const empty = [...section.entries].some(([key, entry]) => entry.value === '' && !own.has(key))
  let settings: unknown
  try {
    const result = await definition.settings.safeParseAsync(input)
    if (!result.success) {
      for (const issue of result.error.issues) {
        const entry = section.entries.get(String(issue.path[0]))
        if (entry?.value !== '') reportIssue(section, issue, declared, findings)
      }
      return undefined
    }
    settings = withTlsOrigins(result.data, section)
  } catch (error) {
    findings.error(section.at, section.path, `the schema of ${type} fails: ${errorText(error)}`, 'mend its definition')
    return undefined
  }
  if (empty) return undefined
  const before = findings.failed
  await checkNested(section, declared, context)
  if (findings.failed && !before) return undefined
  const written = [...section.entries].filter(([, { origin }]) => origin === undefined)
  const raw = Object.fromEntries(written.map(([key, entry]) => [key, entry.value]))
  return { config: { name: section.name, type, settings, raw }, section, definition }
}

/**
 * Checks one component: its type, its keys, its values. Undefined when there is an error, which is then among the
 * findings. `own` are keys of the section that are not the schema's: `type`, `channels`, what is below `selector.`.
 */
export async function checkComponent(
  kind: ComponentKind,
  section: ComponentSection,
  context: CheckContext,
  options: { readonly own?: (key: string) => boolean; readonly defaultType?: string } = {},
): Promise<CheckedComponent | undefined> {
  const type = section.entries.get('type')
  if (type?.value === '') return undefined
  if (type === undefined && options.defaultType === undefined) {
    const names = context.registry.list(kind).map((definition) => definition.type)
    context.findings.error(
      section.at,
      `${section.path}.type`,
      `${section.label} has no type`,
      `known types: ${names.join(', ')}`,
    )
    return undefined
  }
  const value = type?.value ?? options.defaultType ?? ''
  const at = type ?? { key: `${section.path}.type`, value, keyAt: section.at, valueAt: section.at }
  const definition = await findDefinition(kind, at, context)
  if (definition === undefined) return undefined
  const own = new Set([...section.entries.keys()].filter((key) => key === 'type' || options.own?.(key) === true))
  const name = context.registry.findBuiltin(kind, value)?.type ?? value
  const global = globalTlsEntries(kind, section, declaredKeys(definition.settings), context.globalTls)
  const complete = global.size === 0 ? section : { ...section, entries: new Map([...section.entries, ...global]) }
  return checkSettings(complete, definition, name, own, context)
}

/** The value of one setting as the schema understands it, default included; undefined when it declares no such key. */
export function settingOf(
  checked: CheckedComponent,
  matches: (key: string) => boolean,
): { key: string; value: unknown } | undefined {
  const object = objectSchema(checked.definition.settings)
  for (const [key, schema] of Object.entries(object?._zod.def.shape ?? {}))
    if (matches(key)) {
      const { success, data } = (schema as z.ZodType).safeParse(checked.section.entries.get(key)?.value)
      if (success && data !== undefined) return { key, value: data }
    }
  return undefined
}

export const wordsOf = (entry: ConfigEntry | undefined) => (entry === undefined ? [] : [...new Set(itemsOf(entry))])
