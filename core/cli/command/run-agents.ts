import type { ConsoleServer } from '../../console/console-server.ts'
import type { Log } from '../../log.ts'
import type { ConsolePlan } from './console-plan.ts'
import type { CommandLineContext } from './context.ts'
import { openConsole } from './open-console.ts'
import { type AgentPlan, RunningAgent } from './running-agent.ts'
import { printSummaries } from './summary.ts'
import { untilStopped } from './until-stopped.ts'

export interface RunHooks {
  /** Serve the window for these agents to browsers. */
  readonly console?: { readonly plan: ConsolePlan; readonly tokenFolder: string } | undefined
  /** Called once when every agent runs. */
  readonly started?: () => unknown
  /** Print a line on how it goes now and then, when stdout is a terminal. */
  readonly summaries?: boolean
}

/** Runs agents side by side in this process until a signal comes. When one cannot start, none runs. */
export async function runAgents(
  plans: readonly AgentPlan[],
  context: CommandLineContext,
  log: Log,
  hooks: RunHooks = {},
): Promise<void> {
  const agents = plans.map(
    (plan) => new RunningAgent(plan, context, plans.length === 1 ? log : log.child({ agent: plan.agent })),
  )
  const over = new AbortController()
  context.outlastOutput()
  let printing: Promise<void> | undefined
  let console: ConsoleServer | undefined
  const stop = async () => {
    over.abort()
    await Promise.all([printing, console?.stop()])
    await Promise.all(agents.map((agent) => agent.stop()))
  }
  await untilStopped(
    async () => {
      try {
        for (const agent of agents) await agent.open()
        // Before the channels: one that checks a large backlog takes a while, and the window shows it.
        if (hooks.console) console = await openConsole(hooks.console, agents, context, log)
        // The last tier first, so that the others find it up.
        for (const agent of agents.toReversed()) await agent.start()
        await hooks.started?.()
        const status = () => agents[0]?.status()
        if (hooks.summaries === true && context.stdout.isTTY === true)
          printing = printSummaries(status, context.stdout, context.clock, over.signal)
      } catch (error) {
        await stop()
        throw error
      }
      return { stopped: Promise.race(agents.map((agent) => agent.stopRequested)), stop }
    },
    context,
    log,
  )
}
