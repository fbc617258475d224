import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { Role } from '../../core/control/contract.ts'
import { CallError, type Session, useConnection } from '../connection/connection.ts'

const ranks: Record<Role, number> = { read: 0, operate: 1, configure: 2 }

/** Which agents there are, which one the page shows, what this user may do. */
export const useSession = defineStore('session', () => {
  const connection = useConnection()
  const session = ref<Session>()
  const agent = ref('')
  const problem = ref('')
  /** Asked for before anybody knew which agents there are. */
  let wanted = ''

  /** Asks until somebody answers; the page says meanwhile why it is empty. */
  async function open(): Promise<void> {
    for (;;) {
      try {
        const answer = await connection.session()
        session.value = answer
        problem.value = ''
        if (answer.agents.includes(wanted)) agent.value = wanted
        else if (!answer.agents.includes(agent.value)) agent.value = answer.agents[0] ?? ''
        wanted = ''
        return
      } catch (error) {
        problem.value = error instanceof Error ? error.message : String(error)
        // The server's own page asks for the token; nothing here can.
        if (error instanceof CallError && error.code === 'SLUICE_SIGN_IN') location.reload()
        await new Promise((resolve) => setTimeout(resolve, 1_000))
      }
    }
  }

  /** Shows another agent, now or as soon as one of that name answers. */
  function show(name: string): void {
    if (session.value?.agents.includes(name)) agent.value = name
    else wanted = name
  }

  const may = (role: Role) => ranks[session.value?.role ?? 'read'] >= ranks[role]
  return {
    open,
    show,
    agent,
    problem,
    agents: computed(() => session.value?.agents ?? []),
    /** The process that runs on when the app ends; undefined where the agents are the app's own. */
    attachedTo: computed(() => session.value?.attachedTo),
    version: computed(() => session.value?.version ?? ''),
    mayOperate: computed(() => may('operate')),
    mayConfigure: computed(() => may('configure')),
  }
})
