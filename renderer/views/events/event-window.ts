import type { SubscriptionMessage } from '../../../core/control/contract.ts'

export type AgentEvent = SubscriptionMessage<'events'>[number]

/** Events in view, the newest first: the live head, then the pages that were fetched below it. */
export interface EventWindow {
  readonly events: readonly AgentEvent[]
  /** Whether there may be older ones. */
  readonly more: boolean
  /** Whether pages were fetched: only then does what leaves the head stay. */
  readonly paged: boolean
}

export const emptyWindow: EventWindow = { events: [], more: false, paged: false }

/** A new head of at most `limit`: whatever it covers is as it says. */
export function withHead(window: EventWindow, head: readonly AgentEvent[], limit: number): EventWindow {
  const oldest = head.at(-1)
  if (oldest === undefined || head.length < limit) return { events: head, more: false, paged: false }
  // More may have come at once than a head holds: rather the head alone than a hole below it.
  const newest = window.events[0]?.id ?? -Infinity
  if (!window.paged || oldest.id > newest) return { events: head, more: true, paged: false }
  return { ...window, events: [...head, ...window.events.filter(({ id }) => id < oldest.id)] }
}

/** A page of at most `limit`, fetched below the oldest in view. */
export function withPage(window: EventWindow, page: readonly AgentEvent[], limit: number): EventWindow {
  const oldest = window.events.at(-1)?.id ?? Infinity
  const older = page.filter(({ id }) => id < oldest)
  return { events: [...window.events, ...older], more: page.length === limit, paged: true }
}

/** After these were acknowledged; where only open ones are in view they leave it. */
export function withoutOpen(window: EventWindow, ids: ReadonlySet<number>, openOnly: boolean): EventWindow {
  const events = openOnly
    ? window.events.filter(({ id }) => !ids.has(id))
    : window.events.map((one) => (ids.has(one.id) ? { ...one, acknowledged: true } : one))
  return { ...window, events }
}
