import { Command } from 'commander'
import { builtinRegistry } from '../../component/builtin.ts'
import { loadConfig } from '../../config/load.ts'
import { findConfigFile } from './config-file.ts'
import { type CommandLineContext, exitCodes } from './context.ts'
import { findingLine } from './finding-line.ts'
import { collectProperty, type SystemProperties } from './flume-options.ts'

interface CheckOptions {
  name: string
  confFile: string[]
  conf?: string
  D?: SystemProperties
  json?: boolean
  lenient?: boolean
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`

/** `sluice check`: everything that is wrong with a configuration, and nothing is started. */
export function checkCommand(context: CommandLineContext): Command {
  return new Command('check')
    .description('Find the mistakes in a configuration, each with its line and what would be right.')
    .requiredOption('-n, --name <NAME>', "the agent's name in the file")
    .requiredOption('-f, --conf-file <FILE...>', 'the configuration; of several files later ones win')
    .option('-c, --conf <DIR>', 'look for FILE here when it is not in the working directory')
    .option('-D <KEY=VALUE>', 'for ${sys:KEY} in the file', collectProperty)
    .option('--json', 'print {agent, ok, findings} as JSON')
    .option('--lenient', 'judge as agent --lenient does: a component with mistakes is dropped with a warning')
    .addHelpText('after', '\nExit codes: 0 the agent can start, 1 it cannot, 2 wrong usage.')
    .action(async (options: CheckOptions) => {
      const files: { path: string }[] = []
      for (const file of options.confFile)
        files.push({ path: await findConfigFile(file, options.conf, context.workingDirectory) })
      const { config, findings } = await loadConfig({
        files,
        agent: options.name,
        registry: builtinRegistry(),
        environment: context.environment,
        properties: options.D ?? {},
        baseDirectory: context.workingDirectory,
        lenient: options.lenient ?? false,
      })
      const ok = config !== undefined
      if (options.json === true)
        context.stdout.write(`${JSON.stringify({ agent: options.name, ok, findings }, undefined, 2)}\n`)
      else {
        for (const finding of findings) context.stdout.write(`${findingLine(finding, true)}\n`)
        const errors = findings.filter((finding) => finding.severity === 'error').length
        const verdict = ok ? 'can start' : 'cannot start'
        const count = `${counted(errors, 'error')}, ${counted(findings.length - errors, 'warning')}`
        context.stderr.write(`agent ${options.name} ${verdict}: ${count}\n`)
      }
      context.exit(ok ? exitCodes.done : exitCodes.failed)
    })
}
