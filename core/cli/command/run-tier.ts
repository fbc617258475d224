import { join, resolve } from 'node:path'
import type { CommandLineContext } from './context.ts'
import { dataHome } from './data-home.ts'
import { writeGeneratedFlow } from './generated-flow.ts'
import { createLog } from './logging.ts'
import type { PropertyLine } from '../../config/properties-text.ts'
import { runAgents } from './run-agents.ts'

/** Runs one tier of a relay without a configuration file of the user's: its flow is generated into its data folder. */
export async function runTier(
  context: CommandLineContext,
  agent: string,
  dataDir: string | undefined,
  flow: readonly PropertyLine[],
  /** What it does, for the line that says that it runs. */
  does: string,
): Promise<void> {
  const dataDirectory = resolve(context.workingDirectory, dataDir ?? join(dataHome(context), agent))
  const file = await writeGeneratedFlow(dataDirectory, agent, flow)
  const log = createLog(context.stderr, { level: 'info' })
  const plan = { agent, files: [file], dataDirectory, baseDirectory: context.workingDirectory }
  await runAgents([{ ...plan, properties: {}, watch: false, lenient: false, monitoring: undefined }], context, log, {
    summaries: true,
    started: () => context.stdout.write(`${does}; what waits is kept in ${dataDirectory}\n`),
  })
}
