/** The data plane of the desktop: the workspace's agents in a process of their own, spoken to over its parent's port. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ParentPort } from 'electron'
import { processContext } from '../core/cli/command/context.ts'
import { checkFlowPorts } from '../core/cli/command/flow-ports.ts'
import { createLog } from '../core/cli/command/logging.ts'
import { type AgentPlan, RunningAgent } from '../core/cli/command/running-agent.ts'
import { openWorkspace } from '../core/cli/command/workspace.ts'
import { workspacePlans } from '../core/cli/command/workspace-plans.ts'
import { keepCompiledCode } from '../core/compile-cache.ts'
import { exportsFolder } from '../core/control/backlog-handlers.ts'
import { PortServer } from '../core/control/port-carrier.ts'
import { wireError } from '../core/control/wire-error.ts'
import { errorText } from '../core/errors.ts'
import type { FromAgent, ToAgent } from './agent-messages.ts'
import { AttachedAgents } from './attached-agents.ts'

const { parentPort } = process as unknown as { readonly parentPort: ParentPort }
const tell = (message: FromAgent) => parentPort.postMessage(message)

const [, , directory] = process.argv
if (directory === undefined) throw new Error('the agent process is started with the folder of a workspace')
keepCompiledCode(join(directory, 'compile-cache'))
const environment: Record<string, string | undefined> = { ...process.env }
let secretNames: readonly string[] = []
const context = { ...processContext(), environment }
const log = createLog(context.stderr, { level: 'info', readable: false })
const agents: RunningAgent[] = []
let attached: AttachedAgents | undefined
const find = (name: string) => attached?.port(name) ?? agents.find(({ plan }) => plan.agent === name)?.control

let heard: (message: unknown) => void = () => undefined
const server = new PortServer(
  { post: (message) => tell({ about: 'control', message }), onMessage: (listener) => (heard = listener) },
  {
    agents: () => (attached?.agents ?? agents.map(({ plan }) => ({ name: plan.agent }))).map(({ name }) => name),
    port: find,
  },
)

let stopping: Promise<void> | undefined
const isStopping = () => stopping !== undefined
function stop(): Promise<void> {
  stopping ??= (async () => {
    server.close()
    attached?.close()
    await Promise.all(agents.map((agent) => agent.stop()))
  })()
  return stopping
}

async function stopAndEnd(): Promise<void> {
  await stop()
  tell({ about: 'stopped' })
  log.info({}, 'stopped')
  end(0)
}

/** What was posted last must get out before the process is gone. */
function end(code: number): void {
  process.exitCode = code
  setTimeout(() => process.exit(code), 100)
}

parentPort.on('message', ({ data }: { data: ToAgent }) => {
  if (data.about === 'control') heard(data.message)
  else if (data.about === 'stop') void stopAndEnd()
  else if (data.about === 'awake') for (const agent of agents) agent.awake(data.since)
  else {
    // Read at each load of the configuration. They are in this record only: no program that is run inherits them.
    for (const name of secretNames) environment[name] = process.env[name]
    secretNames = Object.keys(data.secrets)
    Object.assign(environment, data.secrets)
    if (started) void applySecrets()
    else start()
  }
})
context.onSignal(() => void stopAndEnd())

/** Resolves when no other process runs the workspace (any more); until then the window shows that one's agents. */
async function followOthers(plans: readonly AgentPlan[]): Promise<void> {
  while ((attached = await AttachedAgents.find(plans)) !== undefined && !isStopping()) {
    const { pid } = attached
    log.info({ pid }, `the workspace is run by process ${pid} already: attached to it`)
    tell({ about: 'running', agents: [...attached.agents], attachedTo: pid })
    await attached.ended
    if (isStopping()) return
    attached.close()
    log.info({ pid }, `process ${pid} has ended: the workspace is run here`)
    tell({ about: 'left', pid })
  }
}

async function run(folder: string): Promise<void> {
  const workspace = await openWorkspace(folder)
  const plans = workspacePlans(workspace)
  await followOthers(plans)
  if (isStopping()) return
  await checkFlowPorts(await readFile(workspace.flow, 'utf8'), workspace.flow)
  agents.push(...plans.map((plan) => new RunningAgent(plan, context, log.child({ agent: plan.agent }))))
  for (const agent of agents) await agent.open()
  tell({
    about: 'running',
    agents: plans.map(({ agent, dataDirectory }) => ({ name: agent, exports: exportsFolder(dataDirectory) })),
  })
  // The last tier first, so that the others find it up.
  for (const agent of agents.toReversed()) await agent.start()
  await Promise.race(agents.map((agent) => agent.stopRequested))
  await stopAndEnd()
}

/** The agents that run take a secret that has changed at once; what is then missing is said, and they run on as before. */
async function applySecrets(): Promise<void> {
  for (const agent of agents)
    await agent.reload().catch((error: unknown) => log.error({ error }, `secrets are not applied: ${errorText(error)}`))
}

let started = false
function start(): void {
  if (started || directory === undefined) return
  started = true
  run(directory).catch(async (error: unknown) => {
    log.error({ error }, `the workspace is not started: ${errorText(error)}`)
    await stop()
    tell({ about: 'failed', error: wireError(error) })
    end(0)
  })
}
