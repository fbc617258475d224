import { onScopeDispose, type Ref, ref, shallowRef, watch } from 'vue'
import type { HistoryBucket } from '../../../core/metrics/history-ring.ts'
import { useConnection } from '../../connection/connection.ts'
import { useSession } from '../../stores/session.ts'
import { bucketOf, type ChartRange } from './chart-range.ts'
import { joinBuckets, slideWindow } from './history-window.ts'

/** What is drawn of a channel; each is a series `channel:NAME:KEY` of the agent. */
export type ChannelSeries = 'events' | 'bytes' | 'age' | 'in' | 'out'

/** Everything a chart shows at one moment. Replaced whole: nothing in it is reactive. */
export interface ChannelHistory {
  readonly channel: string
  readonly range: ChartRange
  /** Epoch milliseconds of the axis, by the agent's clock. */
  readonly from: number
  readonly to: number
  readonly series: Readonly<Record<ChannelSeries, readonly HistoryBucket[]>>
}

/**
 * Keeps a channel's history in view: all of it once, then only what is new, at most once a second and never while the
 * page is hidden. `now` is the agent's clock.
 */
export function useChannelHistory(
  channel: Ref<string>,
  range: Ref<ChartRange>,
  now: () => number,
): { history: Ref<ChannelHistory | undefined>; problem: Ref<string> } {
  const connection = useConnection()
  const session = useSession()
  const history = shallowRef<ChannelHistory>()
  const problem = ref('')
  let asking: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  async function look(signal: AbortSignal): Promise<ChannelHistory> {
    const shown = range.value
    const name = channel.value
    const to = now()
    const bucket = bucketOf(shown)
    // The oldest bucket that the ring still has for sure: one older, and the agent would answer from a coarser ring.
    const from = (Math.ceil((to - shown.span) / bucket) + 3) * bucket
    const known = history.value
    // A clock that went back, or the page's own that stood in for the agent's, leaves a hole: all is asked for anew.
    const since = known?.channel === name && known.range === shown ? to - known.to : -1
    const goesOn = since >= 0 && since < shown.span / 4
    const ask = async (key: ChannelSeries): Promise<HistoryBucket[]> => {
      const before = goesOn ? (known?.series[key] ?? []) : []
      const start = Math.max(from, before.at(-1)?.t ?? from)
      const { points } = await connection.call(
        session.agent,
        'history',
        { series: `channel:${name}:${key}`, from: start, to, pixels: Math.ceil((to - start) / shown.width) + 2 },
        signal,
      )
      return slideWindow(before, joinBuckets(points, bucket), from)
    }
    const [events, bytes, age, into, out] = await Promise.all([
      ask('events'),
      ask('bytes'),
      ask('age'),
      ask('in'),
      ask('out'),
    ])
    return { channel: name, range: shown, from: to - shown.span, to, series: { events, bytes, age, in: into, out } }
  }

  function again(): void {
    asking?.abort()
    clearTimeout(timer)
    if (document.visibilityState === 'hidden' || channel.value === '') return
    const mine = new AbortController()
    asking = mine
    const { every } = range.value
    look(mine.signal)
      .then((found) => {
        if (mine.signal.aborted) return
        history.value = found
        problem.value = ''
      })
      .catch((error: unknown) => {
        if (!mine.signal.aborted) problem.value = error instanceof Error ? error.message : String(error)
      })
      .finally(() => {
        if (!mine.signal.aborted) timer = setTimeout(again, every)
      })
  }

  watch([channel, range], again, { immediate: true })
  document.addEventListener('visibilitychange', again)
  onScopeDispose(() => {
    asking?.abort()
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', again)
  })
  return { history, problem }
}
