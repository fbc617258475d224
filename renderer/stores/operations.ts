import { defineStore } from 'pinia'
import type { CallName, CallParams, CallResult } from '../../core/control/contract.ts'
import { useConnection } from '../connection/connection.ts'
import { useNotices } from './notices.ts'
import { useSession } from './session.ts'

/** What an operator commands, each with a notice that says what came of it. */
export const useOperations = defineStore('operations', () => {
  const connection = useConnection()
  const session = useSession()
  const notices = useNotices()

  /** Resolves with undefined after an error, which has been shown then. */
  async function run<Name extends CallName>(
    name: Name,
    params: CallParams<Name>,
    done: string | ((result: CallResult<Name>) => string),
  ): Promise<CallResult<Name> | undefined> {
    try {
      const result = await connection.call(session.agent, name, params)
      notices.done(typeof done === 'string' ? done : done(result))
      return result
    } catch (error) {
      notices.error(error instanceof Error ? error.message : String(error))
      return undefined
    }
  }

  return {
    run,
    pause: (component: string) => run('pause', { component }, `${component} is paused`),
    resume: (component: string) => run('resume', { component }, `${component} runs on`),
    pauseAll: () => run('pause', {}, 'All sources and sinks are paused'),
    resumeAll: () => run('resume', {}, 'All sources and sinks run on'),
    drain: (channel: string, rate?: number) =>
      run('drain', { channel, ...(rate === undefined ? {} : { rate }) }, `${channel} drains: its sources are paused`),
    cancelDrain: (channel: string) => run('cancelDrain', { channel }, `${channel} no longer drains`),
    setRate: (channel: string, rate: number | null) =>
      run(
        'setRate',
        { channel, rate },
        rate === null ? `${channel} has no rate limit` : `${channel} gives at most ${rate} events/s`,
      ),
  }
})
