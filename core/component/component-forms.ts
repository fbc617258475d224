import type { AnyDefinition, ComponentKind } from './definition.ts'
import { keyDefault } from './key-default.ts'
import type { ComponentRegistry } from './registry.ts'
import { type DeclaredKey, declaredKeys, metadata } from './settings-shape.ts'

/** One setting of a component, enough to make a field of a form. */
export interface SettingForm {
  readonly key: string
  /** Stands for all keys `key.NAME`. */
  readonly group: boolean
  /** The building block's name: `text`, `whole`, `secret`, … */
  readonly type: string
  readonly description: string
  readonly default: string | null
  readonly required: boolean
  readonly choices: string[] | null
  readonly secret: boolean
  readonly nested: ComponentKind | null
}

export interface ComponentForm {
  readonly kind: ComponentKind
  readonly type: string
  readonly aliases: string[]
  readonly summary: string
  readonly differences: string[]
  readonly settings: SettingForm[]
}

/** What a form needs to know of a component: made from what checks the configuration, so it cannot be wrong. */
export function componentForm(definition: AnyDefinition, registry: ComponentRegistry): ComponentForm {
  const { kind, type, aliases, summary, differences = [], settings } = definition
  return {
    ...{ kind, type, summary, aliases: [...aliases], differences: [...differences] },
    settings: declaredKeys(settings).map((key) => settingForm(key, registry)),
  }
}

function settingForm(declared: DeclaredKey, registry: ComponentRegistry): SettingForm {
  const { key, group, kind, description, nested } = declared
  const { text, required } = keyDefault(declared)
  return {
    ...{ key, group, type: kind, description, required },
    default: group ? null : (text ?? null),
    choices: choicesOf(declared, registry),
    secret: kind === 'secret',
    nested: nested ?? null,
  }
}

function choicesOf({ kind, nested, schema }: DeclaredKey, registry: ComponentRegistry): string[] | null {
  if (nested !== undefined) return registry.list(nested).map(({ type }) => type)
  if (kind === 'flag') return ['true', 'false']
  const choices = kind === 'choice' ? metadata(schema, 'sample') : undefined
  return Array.isArray(choices) ? choices.map(String) : null
}
