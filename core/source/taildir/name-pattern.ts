import { type TextPattern, textPattern } from '../../pattern/text-pattern.ts'

/** Units that a file name has at most. */
const longestName = 255

/**
 * A Java regular expression for a whole file name, as JavaScript's. The two agree on nearly all that file names need;
 * what only Java has (`\Q…\E`, possessive quantifiers, inline flags) is rewritten or refused with a clear message.
 */
export function namePattern(pattern: string): TextPattern {
  let source = pattern.replace(/\\Q([\s\S]*?)(?:\\E|$)/g, (_, literal: string) =>
    literal.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'),
  )
  let flags = 's'
  const inline = /^\(\?([a-z]+)\)/.exec(source)
  if (inline) {
    for (const flag of inline[1] ?? '') {
      if (!'imsu'.includes(flag)) throw new SyntaxError(`the flag ${flag} of ${pattern} is not supported`)
      if (flag !== 'u' && !flags.includes(flag)) flags += flag
    }
    source = source.slice(inline[0].length)
  }
  if (/(?<!\\)(?:\\\\)*[*+?}]\+/.test(source))
    throw new SyntaxError(`${pattern} has a possessive quantifier: take the + behind the quantifier away`)
  source = source.replaceAll('\\A', '^').replace(/\\[zZ]/g, '$')
  return textPattern(`^(?:${source})$`, flags, longestName)
}
