import type { Clock } from '../clock.ts'
import type { ComponentRegistry } from '../component/registry.ts'
import type { AgentConfig } from '../config/model.ts'
import type { Log } from '../log.ts'

/** What an agent is made of. */
export interface AgentOptions {
  readonly config: AgentConfig
  readonly registry: ComponentRegistry
  /** The agent's own folder. One agent at a time. */
  readonly dataDirectory: string
  /** What relative paths in the configuration start from. */
  readonly baseDirectory: string
  readonly log: Log
  readonly clock?: Clock
  /** 0 (inclusive) to 1; spreads retries. */
  readonly random?: () => number
}
