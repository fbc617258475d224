import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { addConsoleOptions, type ConsoleArguments, consolePlanOf } from './console-plan.ts'
import type { CommandLineContext } from './context.ts'
import { dataHome } from './data-home.ts'
import { checkFlowPorts } from './flow-ports.ts'
import { createLog } from './logging.ts'
import { runAgents } from './run-agents.ts'
import { suggestions } from './suggestions.ts'
import { openWorkspace } from './workspace.ts'
import { workspacePlans } from './workspace-plans.ts'

interface StartOptions extends ConsoleArguments {
  workspace?: string
  headless?: boolean
}

/** `sluice start`: the user's own workspace, made at the first start with two tiers that can be tried at once. */
export function startCommand(context: CommandLineContext): Command {
  const command = new Command('start')
    .description('Open your workspace and run its flow; the first start makes one and says what to try.')
    .option('--workspace <DIR>', "the workspace (default: workspace in the user's data folder)")
    .option('--headless', 'run without a window, as on a server')
    .option('--console <HOST:PORT>', 'where to serve the window to browsers (default: a free port of this machine)')
    .option('--no-console', 'serve no window to browsers')
  return addConsoleOptions(command).action(async (options: StartOptions) => {
    const directory = resolve(context.workingDirectory, options.workspace ?? join(dataHome(context), 'workspace'))
    const log = createLog(context.stderr, { level: 'info' })
    const consolePlan = await consolePlanOf({ ...options, console: options.console ?? true }, context, log)
    const workspace = await openWorkspace(directory)
    await checkFlowPorts(await readFile(workspace.flow, 'utf8'), workspace.flow)
    const plans = workspacePlans(workspace)
    await runAgents(plans, context, log, {
      console: consolePlan && { plan: consolePlan, tokenFolder: workspace.data },
      started: async () => context.stdout.write(await suggestions(workspace)),
    })
  })
}
