import { Command } from 'commander'
import { resolve } from 'node:path'
import { ControlClient } from '../../control/client.ts'
import type { CallName, CallParams, CallResult } from '../../control/contract.ts'
import { SocketPort } from '../../control/socket-port.ts'
import { SluiceError } from '../../errors.ts'
import { addBacklogCommands } from './ctl-backlog.ts'
import { type CommandLineContext, exitCodes } from './context.ts'
import { eventsText, historyText, ledgerText, statusText } from './ctl-text.ts'
import { dataHome } from './data-home.ts'
import { type FoundAgent, findAgent } from './find-agent.ts'

interface Target {
  readonly dataDir?: string
  readonly agent?: string
  readonly json?: boolean
}

interface EventsTarget extends Target {
  readonly all?: boolean
  readonly limit: string
  readonly component?: string
  readonly code?: string
  readonly text?: string
  readonly acknowledge?: string[]
}

/** `sluice ctl`: speaks to a running agent through the socket in its data folder. */
export function ctlCommand(context: CommandLineContext): Command {
  const ctl = new Command('ctl').description('See and command a running agent.')
  const add = (usage: string, description: string) =>
    ctl
      .command(usage)
      .description(description)
      .option('--data-dir <DIR>', "the agent's data folder or one above it (default: the user's data folder)")
      .option('--agent <NAME>', 'which agent, where several run there')
      .option('--json', 'print JSON')

  add('status', 'what every part is doing').action(async (target: Target) => {
    print(context, target, await ask(context, target, 'status', {}), statusText)
  })
  add('pause [component]', 'pause a source or a sink, or all; outlives a restart').action(
    async (component: string | undefined, target: Target) => {
      await ask(context, target, 'pause', component === undefined ? {} : { component })
      say(context, target, `${component ?? 'all sources and sinks'} paused`)
    },
  )
  add('resume [component]', "end a pause or a channel's drain, or all").action(
    async (component: string | undefined, target: Target) => {
      await ask(context, target, 'resume', component === undefined ? {} : { component })
      say(context, target, `${component ?? 'everything'} resumed`)
    },
  )
  add('drain <channel>', 'pause the sources of a channel until it is empty')
    .option('--rate <N>', 'at most so many events a second')
    .option('--cancel', 'end the drain before its time')
    .option('--wait', 'return when the channel is empty')
    .action(async (channel: string, target: Target & { rate?: string; cancel?: boolean; wait?: boolean }) => {
      if (target.cancel) {
        await ask(context, target, 'cancelDrain', { channel })
        say(context, target, `the drain of ${channel} has ended; its sources run again`)
        return
      }
      const rate = target.rate === undefined ? {} : { rate: parseRate(target.rate) }
      await ask(context, target, 'drain', { channel, ...rate })
      if (target.wait) await waitUntilDrained(context, target, channel)
      say(context, target, target.wait ? `${channel} is drained` : `${channel} drains; sluice ctl status shows how far`)
    })
  add('rate <channel> <events>', 'let at most so many events a second leave a channel; "none" ends the limit').action(
    async (channel: string, events: string, target: Target) => {
      const rate = events === 'none' ? null : parseRate(events)
      await ask(context, target, 'setRate', { channel, rate })
      say(context, target, rate === null ? `${channel}: no limit` : `${channel}: at most ${rate} events a second`)
    },
  )
  add('events', 'what happened and nobody has acknowledged')
    .option('--all', 'acknowledged ones too')
    .option('--limit <N>', 'at most so many', '100')
    .option('--component <NAME>', 'of this part only, such as sink:k1')
    .option('--code <CODE>', 'with this code only')
    .option('--text <TEXT>', 'with this in it')
    .option('--acknowledge <ID...>', 'mark these as seen; "all" for all')
    .action(async (target: EventsTarget) => {
      if (target.acknowledge) {
        const ids = target.acknowledge.includes('all') ? ('all' as const) : target.acknowledge.map(parseId)
        const { count } = await ask(context, target, 'acknowledge', { ids })
        say(context, target, `${count} acknowledged`)
        return
      }
      const { component, code, text, all = false } = target
      const params = { limit: parseCount(target.limit, '--limit'), acknowledged: all, component, code, text }
      print(context, target, await ask(context, target, 'events', params), eventsText)
    })
  add('ledger <channel>', 'the books of a channel: what came in, where it went').action(
    async (channel: string, target: Target) => {
      const ledger = await ask(context, target, 'ledger', { channel })
      if (ledger === null) throw new SluiceError('SLUICE_CONTROL', `the channel ${channel} is not open`)
      print(context, target, ledger, (books) => ledgerText(channel, books))
    },
  )
  add('history [series]', 'a series over time, as channel:c1:events; without one the names of all')
    .option('--minutes <N>', 'how far back', '15')
    .option('--points <N>', 'at most so many rows', '30')
    .action(async (series: string | undefined, target: Target & { minutes: string; points: string }) => {
      if (series === undefined) {
        print(context, target, await ask(context, target, 'historySeries', {}), (names) => `${names.join('\n')}\n`)
        return
      }
      const to = context.clock.now()
      const from = to - parseCount(target.minutes, '--minutes') * 60_000
      const pixels = parseCount(target.points, '--points')
      const history = await ask(context, target, 'history', { series, from, to, pixels })
      print(context, target, history, (answer) => historyText(series, answer))
    })
  addBacklogCommands<Target>(context, {
    add,
    connect: (target) => ({ client: connect(context, target), dataDirectory: agentOf(context, target).folder }),
    print: (target, value, asText) => print(context, target, value, asText),
  })
  add('stop', 'stop the agent; what is queued stays queued').action(async (target: Target) => {
    await ask(context, target, 'stop', {})
    say(context, target, 'stopping')
  })
  return ctl
}

function ask<Name extends CallName>(
  context: CommandLineContext,
  target: Target,
  name: Name,
  params: CallParams<Name>,
): Promise<CallResult<Name>> {
  return connect(context, target).call(name, params)
}

function agentOf(context: CommandLineContext, { dataDir, agent }: Target): FoundAgent {
  return findAgent(dataDir === undefined ? dataHome(context) : resolve(context.workingDirectory, dataDir), agent)
}

function connect(context: CommandLineContext, target: Target): ControlClient {
  return new ControlClient(new SocketPort(agentOf(context, target).socket))
}

async function waitUntilDrained(context: CommandLineContext, target: Target, channel: string): Promise<void> {
  const name = channel.replace(/^channel:/, '')
  const { promise, resolve: done, reject } = Promise.withResolvers<undefined>()
  const end = await connect(context, target).subscribe(
    'status',
    {},
    ({ channels }) => {
      const drain = channels.find((one) => one.name === name)?.drain
      if (drain?.done) done(undefined)
      else if (drain === null)
        reject(new SluiceError('SLUICE_CONTROL', `the drain of ${channel} was ended by somebody else`))
    },
    reject,
  )
  try {
    await promise
  } finally {
    end()
  }
}

function print<Value>(
  context: CommandLineContext,
  target: Target,
  value: Value,
  asText: (value: Value) => string,
): void {
  context.stdout.write(target.json ? `${JSON.stringify(value)}\n` : asText(value))
  context.exit(exitCodes.done)
}

function say(context: CommandLineContext, target: Target, text: string): void {
  print(context, target, {}, () => `${text}\n`)
}

function parseRate(text: string): number {
  const rate = Number(text)
  if (!(rate > 0) || !Number.isFinite(rate))
    throw new SluiceError('SLUICE_USAGE', `${text} is no rate: give events a second, more than 0`)
  return rate
}

function parseCount(text: string, option: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new SluiceError('SLUICE_USAGE', `${option} ${text}: give a whole number`)
  return Number(text)
}

function parseId(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new SluiceError(
      'SLUICE_USAGE',
      `--acknowledge ${text}: give the numbers that "sluice ctl events" shows, or all`,
    )
  return Number(text)
}
