import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { SluiceError } from '../../errors.ts'
import { addConsoleOptions, type ConsoleArguments, consolePlanOf } from './console-plan.ts'
import { findConfigFile } from './config-file.ts'
import type { CommandLineContext } from './context.ts'
import { dataHome } from './data-home.ts'
import { addFlumeOptions, collectProperty, logOptionsOf, monitoringOf, type SystemProperties } from './flume-options.ts'
import { createLog } from './logging.ts'
import { runAgents } from './run-agents.ts'

interface AgentOptions extends ConsoleArguments {
  name: string
  confFile: string[]
  conf?: string
  D?: SystemProperties
  dataDir?: string
  reloadConf: boolean
  lenient?: boolean
}

/** The name of an agent becomes a folder name. */
export function defaultDataDirectory(agent: string, context: CommandLineContext): string {
  if (/^[\w.-]+$/.test(agent) && !/^\.+$/.test(agent)) return join(dataHome(context), agent)
  throw new SluiceError('SLUICE_USAGE', `the agent name "${agent}" makes no folder name: give --data-dir DIR`)
}

/** `sluice agent`: one agent of a configuration file, with the arguments of `flume-ng agent`. */
export function agentCommand(context: CommandLineContext): Command {
  const warnings: string[] = []
  const command = new Command('agent')
    .description('Run one agent of a Flume configuration (.properties or YAML) until it is told to stop.')
    .requiredOption('-n, --name <NAME>', "the agent's name in the file")
    .requiredOption('-f, --conf-file <FILE...>', 'the configuration; of several files later ones win')
    .option('-c, --conf <DIR>', 'look for FILE here when it is not in the working directory')
    .option(
      '-D <KEY=VALUE>',
      'flume.monitoring.type=http, flume.monitoring.port, flume.root.logger=LEVEL,console; for ${sys:KEY} in the file',
      collectProperty,
    )
    .option(
      '--data-dir <DIR>',
      "where channels, positions and state are kept (default: NAME in the user's data folder)",
    )
    .option('--no-reload-conf', 'do not watch the configuration for changes')
    .option('--lenient', 'run without components that have mistakes, as Flume does, instead of refusing the file')
  addConsoleOptions(
    command.option('--console [HOST:PORT]', 'serve the window to browsers (default: a free port of this machine)'),
  )
  addFlumeOptions(command, (text) => warnings.push(text))
  return command.action(async (options: AgentOptions) => {
    const properties = options.D ?? {}
    const log = createLog(context.stderr, logOptionsOf(properties))
    for (const warning of warnings) log.warn({}, warning)
    const files = await Promise.all(
      options.confFile.map((file) => findConfigFile(file, options.conf, context.workingDirectory)),
    )
    const dataDirectory = resolve(
      context.workingDirectory,
      options.dataDir ?? defaultDataDirectory(options.name, context),
    )
    const consolePlan = await consolePlanOf(options, context, log)
    await runAgents(
      [
        {
          agent: options.name,
          files,
          dataDirectory,
          baseDirectory: context.workingDirectory,
          properties,
          watch: options.reloadConf,
          lenient: options.lenient ?? false,
          monitoring: monitoringOf(properties),
        },
      ],
      context,
      log,
      { console: consolePlan && { plan: consolePlan, tokenFolder: dataDirectory } },
    )
  })
}
