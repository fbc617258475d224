import { exitCodes } from '../core/cli/command/context.ts'
import { type DescribedCommand, withAllBelow } from './command-tree.ts'

interface ManPageFacts {
  readonly version: string
  readonly homepage: string
  /** Of the release; the same for the same sources, so that packages can be compared. */
  readonly date: Date
}

/** sluice(1) in man's own language, of what the commands say about themselves. */
export function manPage(program: DescribedCommand, { version, homepage, date }: ManPageFacts): string {
  const commands = withAllBelow(program)
  const lines = [
    `.TH SLUICE 1 "${date.toISOString().slice(0, 10)}" "Sluice ${version}" "User Commands"`,
    '.SH NAME',
    'sluice \\- log relay that keeps what waits and shows it',
    '.SH SYNOPSIS',
    '.B sluice',
    text('COMMAND [OPTIONS] …'),
    '.SH DESCRIPTION',
    text(program.description),
    '.SH OPTIONS',
    ...optionLines(program),
    '.SH COMMANDS',
    ...commands
      .filter(({ path }) => path.length > 0)
      .flatMap((command) => [
        `.SS ${text(`sluice ${command.path.join(' ')}`)}`,
        `.B ${text(command.usage)}`,
        '.PP',
        text(command.description),
        ...optionLines(command),
      ]),
    '.SH EXIT STATUS',
    ...Object.entries(exitCodes).flatMap(([meaning, code]) => ['.TP', `.B ${code}`, text(meaning)]),
    '.SH SEE ALSO',
    text(homepage),
    '',
  ]
  return lines.join('\n')
}

/** What every command has, its help, is told once. */
function optionLines({ path, options }: DescribedCommand): string[] {
  return options
    .filter(({ long }) => path.length === 0 || long !== '--help')
    .flatMap(({ term, description }) => ['.TP', `.B ${text(term)}`, text(description)])
}

/** Nothing of it is a request: no backslash, no line that begins with a dot or a quote, no hyphen for a minus. */
function text(words: string): string {
  return words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '...')
    .split(/\n+/)
    .map((line) => line.trim().replace(/^([.'])/, '\\&$1'))
    .join('\n.br\n')
}
