import type { AgentParts } from '../agent-file.ts'
import type { Place } from './place.ts'

/** What can be seen of a flow from outside: a name for each thing that was looked at, and what was there. */
export type Observed = Readonly<Record<string, unknown>>

/** One of the things observed that Flume and Sluice do not share. */
export interface Difference {
  /** As in docs/differences-from-flume.md. */
  readonly name: string
  readonly flume: unknown
  readonly sluice: unknown
}

/** A part of one agent's configuration, what is played to it, and what is to be looked at. */
export interface Flow {
  readonly name: string
  readonly parts: AgentParts
  /** Makes what must be there before the agent starts. */
  readonly prepare?: (place: Place) => void
  /** Plays the input and waits until it has had its effect; resolves with the answers. */
  readonly play: (place: Place) => Promise<Observed>
  /** What is left when the agent has stopped. */
  readonly left?: (place: Place) => Observed | Promise<Observed>
  /** By the name of what was looked at: it is there exactly as said here, on either side. */
  readonly differs?: Readonly<Record<string, Difference>>
  /** Names of differences that depend on the machine and are left out of what is looked at. */
  readonly hides?: readonly string[]
  /** How much came through is a matter of time or of a difference: its counts are not compared. */
  readonly unsteady?: boolean
}

/** A folder below that of the run, the same text for both sides. */
export const inPlace = (...names: readonly string[]) => ['${env:PLACE}', ...names].join('/')
/** The port of that name: another on each side. */
export const portOf = (name: string) => `\${env:PORT_${name}}`

/** Names of the ports that flows ask for. */
export function portsOf(flows: readonly Flow[]): string[] {
  const text = JSON.stringify(flows.map(({ parts }) => parts))
  return [...new Set([...text.matchAll(/\$\{env:PORT_(\w+)\}/g)].map((match) => match[1] ?? ''))]
}
