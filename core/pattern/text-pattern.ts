import { PatternAutomaton } from './pattern-automaton.ts'
import { patternCost } from './pattern-cost.ts'
import { patternTree } from './pattern-tree.ts'

/** A regular expression that somebody wrote, and that no text can keep busy for long. */
export interface TextPattern {
  test(text: string): boolean
}

/** Steps that a text may cost: some ten milliseconds. */
const mostSteps = 4_000_000

/**
 * The engine tries one way after the other, and with `^(\w+\s?)*$` one line of thirty letters keeps the process for
 * minutes, its other flows, its console and its stop with it. So an expression for texts of `length` units, or about
 * that, runs in the engine only where that cannot happen; others are followed in a `PatternAutomaton`.
 * Throws SyntaxError in words for who wrote the expression.
 */
export function textPattern(source: string, flags: string, length: number): TextPattern {
  const pattern = new RegExp(source, flags)
  const tree = patternTree(source)
  if (patternCost(tree, length) <= mostSteps) return pattern
  const automaton = PatternAutomaton.of(tree, flags)
  if (automaton !== undefined) return automaton
  throw new SyntaxError(
    `${source} can take hours on one text: write it without looking ahead or behind, without references to groups, ` +
      'and with fewer repetitions within or behind one another',
  )
}
