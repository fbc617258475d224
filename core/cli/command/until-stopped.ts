import { constants } from 'node:os'
import { errorText } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { type CommandLineContext, exitCodes } from './context.ts'

/** Milliseconds in which a process must be gone after the first signal, whatever is blocked. */
export const stopWithin = 5000
/** What of it the agents get; the rest is for the log and for ending the process. */
export const settleWithin = 4000

export interface Stoppable {
  /** Resolves when it was stopped by something else than a signal: `sluice ctl stop`. */
  readonly stopped: Promise<void>
  stop(milliseconds: number): Promise<void>
}

/**
 * Starts something, keeps it up until SIGTERM, SIGINT or SIGHUP comes or it stops by itself, and stops it in time. A
 * second signal ends the process at once; so does a stop that takes too long: channels survive a kill, so nothing is
 * lost by it.
 */
export async function untilStopped(
  start: (signal: AbortSignal) => Promise<Stoppable>,
  context: CommandLineContext,
  log: Log,
): Promise<void> {
  const asked = new AbortController()
  const signalled = new Promise<void>((resolve) => {
    asked.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  let late: NodeJS.Timeout | undefined
  const forget = context.onSignal((signal) => {
    if (asked.signal.aborted) context.exitNow(128 + constants.signals[signal])
    log.info({ signal }, 'stopping; a second signal ends the process at once')
    late = setTimeout(() => {
      log.error({}, `not stopped after ${stopWithin / 1000} s, ending the process; channels recover at the next start`)
      context.exitNow(exitCodes.failed)
    }, stopWithin - 200)
    asked.abort()
  })
  try {
    const running = await start(asked.signal)
    await Promise.race([signalled, running.stopped])
    await running.stop(settleWithin)
    log.info({}, 'stopped')
  } catch (error) {
    // A start that was ended by a signal is a clean stop.
    if (!asked.signal.aborted) throw error
    log.info({ reason: errorText(error) }, 'stopped while starting')
  } finally {
    clearTimeout(late)
    forget()
  }
}
