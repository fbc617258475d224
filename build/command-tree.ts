import type { Command, Option } from 'commander'
import { processContext } from '../core/cli/command/context.ts'
import { createProgram } from '../core/cli/command/program.ts'

/** One command as a manual or a shell is told of it. */
export interface DescribedCommand {
  /** Its words below the program's name; empty for the program. */
  readonly path: readonly string[]
  readonly usage: string
  readonly description: string
  readonly options: readonly DescribedOption[]
  /** The commands below it. */
  readonly below: readonly DescribedCommand[]
}

export interface DescribedOption {
  /** As it is typed, with its value: `-f, --conf-file <FILE>`. */
  readonly term: string
  readonly description: string
  readonly short?: string
  readonly long?: string
  readonly value: 'none' | 'optional' | 'required'
  /** All that the value can be, where that is a list. */
  readonly choices: readonly string[]
}

/** The command line as `--help` shows it: the one place in which its commands and options are described. */
export function describedProgram(): DescribedCommand {
  return describe(createProgram(processContext()), [])
}

/** A command and all below it, in the order of the help. */
export function withAllBelow(command: DescribedCommand): readonly DescribedCommand[] {
  return [command, ...command.below.flatMap(withAllBelow)]
}

function describe(command: Command, path: readonly string[]): DescribedCommand {
  const help = command.createHelp()
  return {
    path,
    usage: help.commandUsage(command),
    description: help.commandDescription(command),
    options: help.visibleOptions(command).map((option) => ({
      ...(option.short === undefined ? {} : { short: option.short }),
      ...(option.long === undefined ? {} : { long: option.long }),
      term: help.optionTerm(option),
      description: help.optionDescription(option),
      value: valueOf(option),
      choices: option.argChoices ?? [],
    })),
    below: help
      .visibleCommands(command)
      .filter((below) => below.name() !== 'help')
      .map((below) => describe(below, [...path, below.name()])),
  }
}

function valueOf(option: Option): DescribedOption['value'] {
  if (option.required) return 'required'
  return option.optional ? 'optional' : 'none'
}
