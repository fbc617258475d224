import { SluiceError } from '../errors.ts'
import type { AnyDefinition, ComponentKind } from './definition.ts'

type DefinitionOfKind<Kind extends ComponentKind> = Extract<AnyDefinition, { kind: Kind }>

/** Finds definitions by kind and type name: short names and class names, without regard to case, as Flume does. */
export class ComponentRegistry {
  readonly #definitions = new Map<string, AnyDefinition>()
  readonly #all: AnyDefinition[] = []
  /** Users' own components, by kind and the type that a configuration names them with: a path has its case. */
  readonly #loaded = new Map<string, AnyDefinition>()

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

  /** Remembers a user's own component under the path or package that a configuration names it with. */
  addLoaded(type: string, definition: AnyDefinition): void {
    this.#loaded.set(`${definition.kind} ${type}`, definition)
  }

  /** By short name or class name, in any case; or by the path or package of a user's own component. */
  find<Kind extends ComponentKind>(kind: Kind, type: string): DefinitionOfKind<Kind> | undefined {
    const loaded = this.#loaded.get(`${kind} ${type}`) as DefinitionOfKind<Kind> | undefined
    return this.findBuiltin(kind, type) ?? loaded
  }

  findBuiltin<Kind extends ComponentKind>(kind: Kind, type: string): DefinitionOfKind<Kind> | undefined {
    return this.#definitions.get(`${kind} ${type.toLowerCase()}`) as DefinitionOfKind<Kind> | undefined
  }

  /** Every definition of a kind, for nearest names, forms and the reference page. */
  list<Kind extends ComponentKind>(kind: Kind): DefinitionOfKind<Kind>[] {
    return this.#all.filter((definition): definition is DefinitionOfKind<Kind> => definition.kind === kind)
  }
}
