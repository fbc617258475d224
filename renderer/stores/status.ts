import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { SubscriptionMessage } from '../../core/control/contract.ts'
import { useConnection } from '../connection/connection.ts'
import { useSession } from './session.ts'

export type AgentStatus = SubscriptionMessage<'status'>
export type SourceStatus = AgentStatus['sources'][number]
export type ChannelStatus = AgentStatus['channels'][number]
export type SinkStatus = AgentStatus['sinks'][number]

/** Milliseconds before a broken subscription is tried again. */
const retryAfter = 1_000

/** The live state of the agent that is shown. A hidden page listens to nothing. */
export const useStatus = defineStore('status', () => {
  const connection = useConnection()
  const session = useSession()
  /** Replaced whole four times a second at most, so nothing inside needs to be reactive. */
  const status = shallowRef<AgentStatus>()
  const lost = ref('')
  let end: (() => void) | undefined
  /** The agent's clock less this page's steady one. */
  let ahead: number | undefined
  let retry: ReturnType<typeof setTimeout> | undefined

  function stop(): void {
    clearTimeout(retry)
    end?.()
    end = undefined
  }

  function listen(): void {
    stop()
    if (session.agent === '' || document.visibilityState === 'hidden') return
    end = connection.subscribe(
      session.agent,
      'status',
      {},
      (message) => {
        // Who answered while it was lost may have been on the way out.
        if (lost.value !== '') void session.open()
        status.value = message
        ahead = message.now - performance.now()
        lost.value = ''
      },
      (error) => {
        lost.value = error?.message ?? 'the agent has stopped'
        retry = setTimeout(listen, retryAfter)
        // Another process may answer now, with other agents, or want us to sign in again.
        void session.open()
      },
    )
  }

  watch(
    () => session.agent,
    () => {
      status.value = undefined
      listen()
    },
    { immediate: true },
  )
  document.addEventListener('visibilitychange', listen)

  return {
    status,
    /** Epoch milliseconds by the agent's clock: the page's own may be wrong by hours. */
    agentNow: () => (ahead === undefined ? Date.now() : ahead + performance.now()),
    /** Why what is shown is old; empty while it is live. */
    lost,
    /** When what is shown was true (epoch milliseconds, the agent's clock), while nobody answers; undefined while it is live. */
    oldSince: computed(() => (lost.value === '' && session.problem === '' ? undefined : status.value?.now)),
    sources: computed(() => status.value?.sources ?? []),
    channels: computed(() => status.value?.channels ?? []),
    sinks: computed(() => status.value?.sinks ?? []),
    openEvents: computed(() => status.value?.openEvents ?? 0),
  }
})
