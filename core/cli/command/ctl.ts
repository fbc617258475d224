import { Command } from 'commander'
import type { CommandLineContext } from './context.ts'
import { CtlAgent } from './ctl-agent.ts'
import { addBacklogCommands } from './ctl-backlog.ts'
import { addConfigCommands } from './ctl-config.ts'
import { addEventCommands } from './ctl-events.ts'
import { addFlowCommands } from './ctl-flow.ts'
import { addHistoryCommands } from './ctl-history.ts'
import { addSourceCommands } from './ctl-sources.ts'

/**
 * `sluice ctl`: speaks to a running agent through the socket in its data folder. What the window can do, it can do: a
 * test holds it to every call and subscription of the contract.
 */
export function ctlCommand(context: CommandLineContext): Command {
  const ctl = new Command('ctl').description('See and command a running agent.')
  const agent = new CtlAgent(context)
  addFlowCommands(ctl, agent)
  addEventCommands(ctl, agent)
  addHistoryCommands(ctl, agent)
  addBacklogCommands(ctl, agent)
  addSourceCommands(ctl, agent)
  addConfigCommands(ctl, agent)
  return ctl
}
