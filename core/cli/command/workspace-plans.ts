import { join } from 'node:path'
import type { AgentPlan } from './running-agent.ts'
import { starterAgents, type Workspace } from './workspace.ts'

/** The agents of a workspace, the first tier first: the same with a window, without one, and from start to start. */
export function workspacePlans(workspace: Workspace): AgentPlan[] {
  return Object.values(starterAgents).map((agent) => ({
    agent,
    files: [workspace.flow],
    dataDirectory: join(workspace.data, agent),
    baseDirectory: workspace.directory,
    properties: {},
    watch: true,
    lenient: false,
    monitoring: undefined,
  }))
}
