import type { Command } from 'commander'
import { SluiceError } from '../../errors.ts'
import { type CtlAgent, parseCount, type Target } from './ctl-agent.ts'
import { historyText, ledgerText, marksText } from './ctl-text.ts'

/** `sluice ctl ledger | history | marks`: the books of a channel, and what was, over time. */
export function addHistoryCommands(ctl: Command, agent: CtlAgent): void {
  agent
    .add(ctl, 'ledger <channel>', 'the books of a channel: what came in, where it went')
    .action(async (channel: string, target: Target) => {
      const ledger = await agent.ask(target, 'ledger', { channel })
      if (ledger === null) throw new SluiceError('SLUICE_CONTROL', `the channel ${channel} is not open`)
      agent.print(target, ledger, (books) => ledgerText(channel, books))
    })
  agent
    .add(ctl, 'history [series]', 'a series over time, as channel:c1:events; without one the names of all')
    .option('--minutes <N>', 'how far back', '15')
    .option('--points <N>', 'at most so many rows', '30')
    .action(async (series: string | undefined, target: Target & { minutes: string; points: string }) => {
      if (series === undefined) {
        agent.print(target, await agent.ask(target, 'historySeries', {}), (names) => `${names.join('\n')}\n`)
        return
      }
      const times = since(agent, target.minutes)
      const pixels = parseCount(target.points, '--points')
      const history = await agent.ask(target, 'history', { series, ...times, pixels })
      agent.print(target, history, (answer) => historyText(series, answer))
    })
  agent
    .add(ctl, 'marks', 'what a chart marks: operator actions, outages, times of a full channel or disk')
    .option('--minutes <N>', 'how far back', '1440')
    .option('--limit <N>', 'at most so many', '1000')
    .action(async (target: Target & { minutes: string; limit: string }) => {
      const params = { ...since(agent, target.minutes), limit: parseCount(target.limit, '--limit') }
      agent.print(target, await agent.ask(target, 'marks', params), marksText)
    })
}

function since(agent: CtlAgent, minutes: string): { from: number; to: number } {
  const to = agent.context.clock.now()
  return { from: to - parseCount(minutes, '--minutes') * 60_000, to }
}
