import { onScopeDispose, type Ref, ref, shallowRef, watch } from 'vue'
import type { SubscriptionParams } from '../../../core/control/contract.ts'
import { useConnection } from '../../connection/connection.ts'
import { useSession } from '../../stores/session.ts'
import { emptyWindow, type EventWindow, withHead, withoutOpen, withPage } from './event-window.ts'

/** Events of the live head, and of a page below it. */
const pageSize = 100
/** Milliseconds before a broken subscription is tried again, and before what is typed is asked for. */
const retryAfter = 1_000
const settleAfter = 150

/** The events that a filter leaves: live at the top, page by page below. A hidden page listens to nothing. */
export function useEventList(filter: Ref<SubscriptionParams<'events'>>) {
  const connection = useConnection()
  const session = useSession()
  const window = shallowRef<EventWindow>(emptyWindow)
  /** Why what is shown is old; empty while it is live. */
  const problem = ref('')
  const heard = ref(false)
  const fetching = ref(false)
  /** What is in view is of the filter before: it stays until there is an answer, so that nothing flickers. */
  let overtaken = true
  let end: (() => void) | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  function listen(): void {
    clearTimeout(timer)
    end?.()
    end = undefined
    if (document.visibilityState === 'hidden') return
    end = connection.subscribe(
      session.agent,
      'events',
      { ...filter.value, limit: pageSize },
      (head) => {
        window.value = withHead(overtaken ? emptyWindow : window.value, head, pageSize)
        overtaken = false
        heard.value = true
        problem.value = ''
      },
      (error) => {
        problem.value = error?.message ?? 'the agent has stopped'
        timer = setTimeout(listen, retryAfter)
      },
    )
  }

  async function older(): Promise<void> {
    const before = window.value.events.at(-1)?.id
    const asked = filter.value
    if (fetching.value || overtaken || before === undefined) return
    fetching.value = true
    try {
      const page = await connection.call(session.agent, 'events', { ...asked, before, limit: pageSize })
      if (asked === filter.value) window.value = withPage(window.value, page, pageSize)
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error)
    } finally {
      fetching.value = false
    }
  }

  watch(
    filter,
    (_, before) => {
      clearTimeout(timer)
      end?.()
      end = undefined
      overtaken = true
      timer = setTimeout(listen, before === undefined ? 0 : settleAfter)
    },
    { immediate: true },
  )
  document.addEventListener('visibilitychange', listen)
  onScopeDispose(() => {
    clearTimeout(timer)
    end?.()
    document.removeEventListener('visibilitychange', listen)
  })

  return {
    window,
    problem,
    /** Whether anything was answered yet: an empty list means something only then. */
    heard,
    fetching,
    older,
    /** Shows at once what was acknowledged below the live head. */
    acknowledged: (ids: readonly number[]) => {
      window.value = withoutOpen(window.value, new Set(ids), filter.value.acknowledged !== true)
    },
  }
}
