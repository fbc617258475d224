import { Command, CommanderError } from 'commander'
import { errorText, isSluiceError } from '../../errors.ts'
import { agentCommand } from './agent.ts'
import { backlogCommand } from './backlog.ts'
import { checkCommand } from './check.ts'
import { collectCommand } from './collect.ts'
import { type CommandLineContext, exitCodes } from './context.ts'
import { ctlCommand } from './ctl.ts'
import { fsckCommand } from './fsck.ts'
import { relayCommand } from './relay.ts'
import { startCommand } from './start.ts'
import { version } from './version.ts'

/** Makes one command; each lives in a file of its own beside this one. */
export type MakeCommand = (context: CommandLineContext) => Command

const makers: readonly MakeCommand[] = [
  startCommand,
  agentCommand,
  checkCommand,
  relayCommand,
  collectCommand,
  ctlCommand,
  backlogCommand,
  fsckCommand,
]

/** The whole command line as commander knows it: what `--help` shows and what tests walk through. */
export function createProgram(context: CommandLineContext): Command {
  const program = new Command('sluice')
    .description('A log relay: watched folders and ports, a durable channel, Avro to the next tier.')
    .version(version, '-V, --version', 'print the version and exit')
    .helpOption('-h, --help', 'print this help and exit')
    .helpCommand('help [COMMAND...]', 'print the help of a command')
    .showSuggestionAfterError()
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong usage.')
  for (const make of makers) program.addCommand(make(context))
  for (const command of withAllBelow(program)) {
    command.showHelpAfterError(`"${pathOf(command)} --help" lists what there is`)
    command.exitOverride().configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      getOutHelpWidth: () => context.stdout.columns ?? 100,
      getErrHelpWidth: () => context.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) =>
        write(
          `sluice: ${text
            .replace(/^error: /, '')
            .trim()
            .replace('\n', ' ')} [SLUICE_USAGE]\n`,
        ),
    })
  }
  return program
}

function withAllBelow(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withAllBelow)]
}

/** As it is typed: `sluice ctl config`. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

/** `sluice help ctl status`: the words of a command below `help`, however deep. */
function printHelp(program: Command, words: readonly string[]): void {
  let command = program
  for (const word of words) {
    const below = command.commands.find((one) => one.name() === word)
    if (below === undefined) command.error(`error: unknown command '${word}'`, { exitCode: exitCodes.usage })
    else command = below
  }
  command.outputHelp()
}

/** Runs one command line; resolves when the command is over, with the exit code set in the context. */
export async function runProgram(args: readonly string[], context: CommandLineContext): Promise<void> {
  const program = createProgram(context)
  if (args.length === 0) {
    context.stderr.write(program.helpInformation())
    context.exit(exitCodes.usage)
    return
  }
  try {
    if (args[0] === 'help') printHelp(program, args.slice(1))
    else await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has already written its message; help and version come this way too, with code 0.
      context.exit(error.exitCode === 0 ? exitCodes.done : exitCodes.usage)
    } else if (isSluiceError(error)) {
      context.stderr.write(`sluice: ${error.message} [${error.code}]\n`)
      context.exit(error.code === 'SLUICE_USAGE' ? exitCodes.usage : exitCodes.failed)
    } else {
      const stack = error instanceof Error && error.stack !== undefined ? error.stack : errorText(error)
      context.stderr.write(`sluice: something unforeseen happened, please report it: ${stack}\n`)
      context.exit(exitCodes.failed)
    }
  }
}
