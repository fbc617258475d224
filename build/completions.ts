import { type DescribedCommand, type DescribedOption, withAllBelow } from './command-tree.ts'

/** One command as a shell's script needs it: its words, each behind a blank, and what can follow. */
const at = ({ path }: DescribedCommand) => path.map((word) => ` ${word}`).join('')
const quoted = (words: string) => `'${words.replaceAll("'", `'\\''`)}'`
const names = ({ short, long }: DescribedOption) => [short, long].filter((name) => name !== undefined)
const nameOf = ({ path }: DescribedCommand) => path.at(-1) ?? ''
const firstLine = (words: string) => words.split('\n')[0] ?? ''

/** The options whose next word is their value, by the words that lead there. */
function valued(commands: readonly DescribedCommand[]) {
  return commands.flatMap((command) =>
    command.options
      .filter(({ value }) => value === 'required')
      .map((option) => ({
        patterns: names(option)
          .map((name) => quoted(`${at(command)} ${name}`))
          .join('|'),
        choices: option.choices,
      })),
  )
}

const paths = (commands: readonly DescribedCommand[]) =>
  commands
    .filter(({ path }) => path.length > 0)
    .map((command) => quoted(at(command)))
    .join('|')

/** For bash-completion. A word that is neither a command nor an option is a file's name. */
export function bashCompletion(program: DescribedCommand): string {
  const commands = withAllBelow(program)
  return `# bash completion for sluice
_sluice() {
  local current=\${COMP_WORDS[COMP_CWORD]} at='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${paths(commands)}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  local commands='' options=''
  COMPREPLY=()
  case "$at \${COMP_WORDS[COMP_CWORD - 1]}" in
${valued(commands)
  .map(({ patterns, choices }) =>
    choices.length === 0
      ? `    ${patterns}) return ;;`
      : `    ${patterns}) COMPREPLY=($(compgen -W ${quoted(choices.join(' '))} -- "$current")); return ;;`,
  )
  .join('\n')}
  esac
  case "$at" in
${commands
  .map(
    (command) => `    ${quoted(at(command))})
      commands=${quoted(command.below.map(nameOf).join(' '))}
      options=${quoted(command.options.flatMap(names).join(' '))} ;;`,
  )
  .join('\n')}
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$commands" -- "$current"))
  fi
}
complete -o bashdefault -o default -F _sluice sluice
`
}

/** For zsh, as `_sluice` in a folder of its `fpath`. */
export function zshCompletion(program: DescribedCommand): string {
  const commands = withAllBelow(program)
  const item = (name: string, description: string) => quoted(`${name.replaceAll(':', '\\:')}:${firstLine(description)}`)
  return `#compdef sluice
_sluice() {
  local at='' word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      ${paths(commands)}) at="$at $word" ;;
    esac
  done
  local -a commands options
  case "$at \${words[CURRENT-1]}" in
${valued(commands)
  .map(({ patterns, choices }) =>
    choices.length === 0
      ? `    ${patterns}) _files; return ;;`
      : `    ${patterns}) compadd -- ${choices.map(quoted).join(' ')}; return ;;`,
  )
  .join('\n')}
  esac
  case "$at" in
${commands
  .map(
    (command) => `    ${quoted(at(command))})
      commands=(${command.below.map((below) => item(nameOf(below), below.description)).join(' ')})
      options=(${command.options.flatMap((option) => names(option).map((name) => item(name, option.description))).join(' ')}) ;;`,
  )
  .join('\n')}
  esac
  if [[ $PREFIX == -* ]]; then _describe -o option options
  elif (( $#commands )); then _describe command commands
  else _files
  fi
}
_sluice "$@"
`
}

/** For fish, as `sluice.fish` in a folder of completions. */
export function fishCompletion(program: DescribedCommand): string {
  const commands = withAllBelow(program)
  const lines = commands.flatMap((command) => {
    const here = `complete -c sluice -n ${fishQuoted(`__sluice_at ${fishQuoted(at(command))}`)}`
    return [
      ...command.below.map((below) => `${here} -f -a ${nameOf(below)} -d ${fishQuoted(firstLine(below.description))}`),
      ...command.options.map(({ short, long, description, value, choices }) =>
        [
          here,
          short === undefined ? '' : ` -s ${short.slice(1)}`,
          long === undefined ? '' : ` -l ${long.slice(2)}`,
          value === 'required' ? ' -r' : '',
          choices.length === 0 ? '' : ` -f -a ${fishQuoted(choices.join(' '))}`,
          ` -d ${fishQuoted(firstLine(description))}`,
        ].join(''),
      ),
    ]
  })
  return `# fish completion for sluice
function __sluice_at
  set -l at ''
  for word in (commandline -opc)[2..]
    contains -- "$at $word" ${commands
      .filter(({ path }) => path.length > 0)
      .map((command) => fishQuoted(at(command)))
      .join(' ')}; and set at "$at $word"
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`
}

function fishQuoted(words: string): string {
  return `'${words.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
