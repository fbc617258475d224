import type { Command } from 'commander'
import { SluiceError } from '../../errors.ts'
import type { CtlAgent, Target } from './ctl-agent.ts'
import { statusText } from './ctl-text.ts'

interface DrainOptions extends Target {
  readonly rate?: string
  readonly cancel?: boolean
  readonly wait?: boolean
}

/** `sluice ctl status | pause | resume | drain | rate | stop`: the flow and what is commanded. */
export function addFlowCommands(ctl: Command, agent: CtlAgent): void {
  agent
    .add(ctl, 'status', 'what every part is doing')
    .option('--follow', 'again at each change, until Ctrl-C')
    .action(async (target: Target & { readonly follow?: boolean }) => {
      if (target.follow) await agent.follow(target, 'status', {}, (status) => agent.print(target, status, statusText))
      else agent.print(target, await agent.ask(target, 'status', {}), statusText)
    })
  agent
    .add(ctl, 'pause [component]', 'pause a source or a sink, or all; outlives a restart')
    .action(async (component: string | undefined, target: Target) => {
      await agent.ask(target, 'pause', component === undefined ? {} : { component })
      agent.say(target, `${component ?? 'all sources and sinks'} paused`)
    })
  agent
    .add(ctl, 'resume [component]', "end a pause or a channel's drain, or all")
    .action(async (component: string | undefined, target: Target) => {
      await agent.ask(target, 'resume', component === undefined ? {} : { component })
      agent.say(target, `${component ?? 'everything'} resumed`)
    })
  agent
    .add(ctl, 'drain <channel>', 'pause the sources of a channel until it is empty')
    .option('--rate <N>', 'at most so many events a second')
    .option('--cancel', 'end the drain before its time')
    .option('--wait', 'return when the channel is empty')
    .action((channel: string, options: DrainOptions) => drain(agent, channel, options))
  agent
    .add(ctl, 'rate <channel> <events>', 'let at most so many events a second leave a channel; "none" ends the limit')
    .action(async (channel: string, events: string, target: Target) => {
      const rate = events === 'none' ? null : parseRate(events)
      await agent.ask(target, 'setRate', { channel, rate })
      agent.say(target, rate === null ? `${channel}: no limit` : `${channel}: at most ${rate} events a second`)
    })
  agent.add(ctl, 'stop', 'stop the agent; what is queued stays queued').action(async (target: Target) => {
    await agent.ask(target, 'stop', {})
    agent.say(target, 'stopping')
  })
}

async function drain(agent: CtlAgent, channel: string, target: DrainOptions): Promise<void> {
  if (target.cancel) {
    await agent.ask(target, 'cancelDrain', { channel })
    agent.say(target, `the drain of ${channel} has ended; its sources run again`)
    return
  }
  const rate = target.rate === undefined ? {} : { rate: parseRate(target.rate) }
  await agent.ask(target, 'drain', { channel, ...rate })
  if (target.wait) await waitUntilDrained(agent, target, channel)
  agent.say(target, target.wait ? `${channel} is drained` : `${channel} drains; sluice ctl status shows how far`)
}

async function waitUntilDrained(agent: CtlAgent, target: Target, channel: string): Promise<void> {
  const name = channel.replace(/^channel:/, '')
  const { promise, resolve: done, reject } = Promise.withResolvers<undefined>()
  const end = await agent.client(target).subscribe(
    'status',
    {},
    ({ channels }) => {
      const state = channels.find((one) => one.name === name)?.drain
      if (state?.done) done(undefined)
      else if (state === null)
        reject(new SluiceError('SLUICE_CONTROL', `the drain of ${channel} was ended by somebody else`))
    },
    reject,
  )
  await promise.finally(end)
}

function parseRate(text: string): number {
  const rate = Number(text)
  if (!(rate > 0) || !Number.isFinite(rate))
    throw new SluiceError('SLUICE_USAGE', `${text} is no rate: give events a second, more than 0`)
  return rate
}
