import { type TextPattern, textPattern } from '../../pattern/text-pattern.ts'

/** Units of a line that is long for a log. */
const longLine = 10_000

/** Finds the lines that begin an event of several lines. Throws SyntaxError for an expression that cannot be used. */
export const startPattern = (source: string): TextPattern => textPattern(source, '', longLine)
