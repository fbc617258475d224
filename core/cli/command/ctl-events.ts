import type { Command } from 'commander'
import type { CallResult } from '../../control/contract.ts'
import { type CtlAgent, parseCount, parseId, type Target } from './ctl-agent.ts'
import { eventKindsText, eventsText } from './ctl-text.ts'

interface EventsOptions extends Target {
  readonly all?: boolean
  readonly limit: string
  readonly before?: string
  readonly component?: string
  readonly code?: string
  readonly text?: string
  readonly acknowledge?: string[]
  readonly kinds?: boolean
  readonly follow?: boolean
}

type Events = CallResult<'events'>

/** `sluice ctl events`: what happened, kept until somebody acknowledges it. */
export function addEventCommands(ctl: Command, agent: CtlAgent): void {
  agent
    .add(ctl, 'events', 'what happened and nobody has acknowledged')
    .option('--all', 'acknowledged ones too')
    .option('--limit <N>', 'at most so many', '100')
    .option('--before <ID>', 'older than this one only')
    .option('--component <NAME>', 'of this part only, such as sink:k1')
    .option('--code <CODE>', 'with this code only')
    .option('--text <TEXT>', 'with this in it')
    .option('--kinds', 'only how many of which code each part has')
    .option('--follow', 'go on with those that come, until Ctrl-C; with --json one a line')
    .option('--acknowledge <ID...>', 'mark these as seen; "all" for all')
    .action((target: EventsOptions) => events(agent, target))
}

async function events(agent: CtlAgent, target: EventsOptions): Promise<void> {
  if (target.acknowledge) {
    const ids = target.acknowledge.includes('all')
      ? ('all' as const)
      : target.acknowledge.map((id) => parseId(id, '--acknowledge', 'sluice ctl events'))
    const { count } = await agent.ask(target, 'acknowledge', { ids })
    agent.say(target, `${count} acknowledged`)
    return
  }
  if (target.kinds) {
    agent.print(target, await agent.ask(target, 'eventKinds', {}), eventKindsText)
    return
  }
  const { component, code, text, all = false, before } = target
  const filter = { limit: parseCount(target.limit, '--limit'), acknowledged: all, component, code, text }
  if (target.follow) {
    // Each message holds all: what was told in the last one is not told again.
    let told = new Map<number, number>()
    await agent.follow(target, 'events', filter, (found) => {
      const fresh = found.filter(({ id, count }) => told.get(id) !== count).reverse()
      told = new Map(found.map(({ id, count }) => [id, count]))
      for (const one of fresh) agent.print(target, one, () => eventsText([one]))
    })
    return
  }
  const older = before === undefined ? {} : { before: parseId(before, '--before', 'sluice ctl events') }
  const found: Events = await agent.ask(target, 'events', { ...filter, ...older })
  agent.print(target, found, eventsText)
}
