/** Which numbers of its sender the events of a batch have, where a selector or an interceptor left some out. */
import { type EventRuns, runsWithin } from '../event/event-runs.ts'
import type { BatchIdentity } from './channel.ts'

/** The numbers of the batch's `count` events as ranges `[first, next)`, in their order. */
export function identityRanges(identity: BatchIdentity, count: number): EventRuns {
  const { firstEvent, runs } = identity
  if (runs === undefined) return [[firstEvent, firstEvent + count]]
  const ranges: [number, number][] = []
  let number = firstEvent
  for (let at = 0; at < runs.length; at += 2) {
    const next = number + (runs[at] ?? 0)
    ranges.push([number, next])
    number = next + (runs[at + 1] ?? 0)
  }
  return ranges
}

/** The identity of some of the events that `identity` is about, at least one: `events` are indexes into its batch. */
export function identityOf(identity: BatchIdentity, count: number, events: EventRuns): BatchIdentity {
  const ranges = runsWithin(identityRanges(identity, count), events)
  const { sender, floor } = identity
  const firstEvent = ranges[0]?.[0] ?? identity.firstEvent
  if (ranges.length < 2) return { sender, firstEvent, floor }
  const runs: number[] = []
  let number = firstEvent
  for (const [first, next] of ranges) {
    if (runs.length > 0) runs.push(first - number)
    runs.push(next - first)
    number = next
  }
  return { sender, firstEvent, floor, runs }
}
