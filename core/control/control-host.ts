import type { ControlPort } from './contract.ts'

/** The agents of one process, each with its control port: what a console or a desktop shows. */
export interface ControlHost {
  /** Their names in a stable order; the window opens with the first. */
  agents(): readonly string[]
  /** Undefined for an agent that is not there (any more). */
  port(agent: string): ControlPort | undefined
}
