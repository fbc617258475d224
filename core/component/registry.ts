import { SluiceError } from '../errors.ts'
import type { AnyDefinition, ComponentKind } from './definition.ts'

type DefinitionOfKind<Kind extends ComponentKind> = Extract<AnyDefinition, { kind: Kind }>

/** Finds definitions by kind and type name: short names and class names, without regard to case, as Flume does. */
export class ComponentRegistry {
  readonly #definitions = new Map<string, AnyDefinition>()
  readonly #all: AnyDefinition[] = []

  constructor(definitions: readonly AnyDefinition[] = []) {
    for (const definition of definitions) this.add(definition)
  }

  add(definition: AnyDefinition): void {
    for (const name of [definition.type, ...definition.aliases]) {
      const key = `${definition.kind} ${name.toLowerCase()}`
      if (this.#definitions.has(key))
        throw new SluiceError('SLUICE_COMPONENT_LOAD', `two ${definition.kind} definitions are named ${name}`)
      this.#definitions.set(key, definition)
    }
    this.#all.push(definition)
  }

  find<Kind extends ComponentKind>(kind: Kind, type: string): DefinitionOfKind<Kind> | undefined {
    return this.#definitions.get(`${kind} ${type.toLowerCase()}`) as DefinitionOfKind<Kind> | undefined
  }

  /** Every definition of a kind, for nearest names, forms and the reference page. */
  list<Kind extends ComponentKind>(kind: Kind): DefinitionOfKind<Kind>[] {
    return this.#all.filter((definition): definition is DefinitionOfKind<Kind> => definition.kind === kind)
  }
}
