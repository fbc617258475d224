import { fileChannel } from '../channel/file/file-channel-definition.ts'
import type { AnyDefinition } from './definition.ts'
import { ComponentRegistry } from './registry.ts'

/** Every component that comes with Sluice, by kind and then by the alphabet. */
export const builtinDefinitions: readonly AnyDefinition[] = [
  // sources

  // channels
  fileChannel,

  // sinks

  // interceptors

  // selectors

  // processors

  // serializers
]

/** A registry of its own for each agent: a user's own components are added to it as configurations name them. */
export const builtinRegistry = () => new ComponentRegistry(builtinDefinitions)
