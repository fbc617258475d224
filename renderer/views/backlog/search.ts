import { onScopeDispose, ref, shallowRef } from 'vue'
import type { SubscriptionMessage } from '../../../core/control/contract.ts'
import { useConnection } from '../../connection/connection.ts'
import { useSession } from '../../stores/session.ts'
import type { Row } from './row-pages.ts'
import type { Query } from './search-query.ts'

/** Hits after which a search stops: nobody reads more, and an export has them all. */
export const mostHits = 10_000

/** A search that streams its hits. A new one ends the one before. */
export function useSearch() {
  const connection = useConnection()
  const session = useSession()
  const hits = shallowRef<readonly Row[]>([])
  const progress = shallowRef<SubscriptionMessage<'backlogSearch'>>()
  const problem = ref('')
  const running = ref(false)
  /** What is being looked for, or was: null while nothing is. */
  const query = shallowRef<Query | null>(null)
  let end: (() => void) | undefined

  function cancel(): void {
    end?.()
    end = undefined
    running.value = false
  }

  function start(channel: string, wanted: Query, newestFirst: boolean): void {
    cancel()
    hits.value = []
    progress.value = undefined
    problem.value = ''
    query.value = wanted
    running.value = true
    const params = {
      ...{ channel, query: wanted, limit: mostHits },
      ...(newestFirst ? { from: 'newest' as const, backward: true } : {}),
    }
    end = connection.subscribe(
      session.agent,
      'backlogSearch',
      params,
      (message) => {
        progress.value = message
        if (message.hits.length > 0) hits.value = [...hits.value, ...message.hits]
      },
      (error) => {
        running.value = false
        end = undefined
        if (error !== undefined) problem.value = error.message
      },
    )
  }

  function clear(): void {
    cancel()
    hits.value = []
    progress.value = undefined
    problem.value = ''
    query.value = null
  }

  onScopeDispose(cancel)
  return { hits, progress, problem, running, query, start, cancel, clear }
}
