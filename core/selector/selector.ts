import type { Batch } from '../event/batch.ts'

/** Which events of a batch go to which channel. */
export interface Route {
  readonly channel: string
  /** A put that must succeed; the failure of an optional one is only counted and shown. */
  readonly required: boolean
  /** The batch that was selected from, or a part of it that says which events it has (`Batch.take`). */
  readonly batch: Batch
}

export interface ChannelSelector {
  /** The channels that may be required for some event: a source's position counts only where these have it. */
  readonly required: readonly string[]
  /** One route at most per channel, events in their order. Events with no route are counted as dropped. */
  select(batch: Batch): Route[]
}
