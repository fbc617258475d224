import type { AgentStatus } from '../../agent/agent-status.ts'
import type { Clock } from '../../clock.ts'
import type { TextOutput } from './context.ts'
import { readableTime } from './log-line.ts'

const number = (value: number) => Math.round(value).toLocaleString('en')
const sum = <T>(items: readonly T[], of: (item: T) => number) => items.reduce((total, item) => total + of(item), 0)

/** `1,200 events in, 1,000 out (350/s), 200 waiting; sink upstream: waiting: upstream: refused`. */
export function summaryLine(status: AgentStatus): string {
  const { sources, channels, sinks } = status
  const moved = `${number(sum(sources, (one) => one.events))} events in, ${number(sum(sinks, (one) => one.events))} out`
  const rate = `(${number(sum(sinks, (one) => one.eventsPerSecond))}/s)`
  const waiting = `${number(sum(channels, (one) => one.events))} waiting`
  const kinds = [
    ['source', sources],
    ['channel', channels],
    ['sink', sinks],
  ] as const
  const notes = kinds.flatMap(([kind, parts]) =>
    parts.filter(({ state }) => state !== 'running').map(({ name, text }) => `; ${kind} ${name}: ${text}`),
  )
  return `${moved} ${rate}, ${waiting}${notes.join('')}`
}

const every = 10_000

/** Prints the summary every ten seconds in which it has changed, for who watches a terminal. Ends with `signal`. */
export async function printSummaries(
  status: () => AgentStatus | undefined,
  output: TextOutput,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  let last = ''
  for (;;) {
    await clock.sleep(every, signal)
    if (signal.aborted) return
    const now = status()
    const line = now === undefined ? last : summaryLine(now)
    if (line !== last) output.write(`${readableTime(clock.now())}       ${line}\n`)
    last = line
  }
}
