/**
 * Building blocks of component schemas. Settings arrive as a flat record of Flume keys with text values (YAML gives
 * numbers and booleans too); each block turns the text into the value, with an error that says what would be right.
 * Defaults are Flume's (flume.md §1) unless a definition's `differences` says otherwise.
 */
import { z } from 'zod'

const trimmed = z.preprocess(
  (value) => (value === undefined ? undefined : String(value as unknown).trim()),
  z.unknown(),
)

function parsed<T>(parse: (text: string) => T | undefined, right: string, kind: string, sample?: unknown) {
  return trimmed
    .transform((value, context): T => {
      const result = typeof value === 'string' && value !== '' ? parse(value) : undefined
      if (result !== undefined) return result
      context.addIssue({ code: 'custom', message: value === undefined ? `is missing: ${right}` : right })
      return z.NEVER
    })
    .meta({ kind, sample })
}

/** Any text that is not empty. */
export const text = () => parsed((value) => value, 'give a text that is not empty', 'text')

/** `true` or `false`, in any case. */
export const flag = () =>
  parsed(
    (value) => (/^true$/i.test(value) ? true : /^false$/i.test(value) ? false : undefined),
    'give true or false',
    'flag',
  )

/** A whole number within bounds. */
export const whole = (least = 0, most = Number.MAX_SAFE_INTEGER) =>
  parsed(
    (value) => {
      const number = /^[+-]?\d+$/.test(value) ? Number(value) : NaN
      return number >= least && number <= most ? number : undefined
    },
    most === Number.MAX_SAFE_INTEGER
      ? `give a whole number of at least ${least}`
      : `give a whole number from ${least} to ${most}`,
    'whole',
  )

export const port = () => whole(0, 65535).meta({ kind: 'port' })

/** One of a fixed list, in any case; the value is the list's own spelling. */
export const choice = <const T extends readonly string[]>(choices: T) =>
  parsed(
    (value): T[number] | undefined => choices.find((one) => one.toLowerCase() === value.toLowerCase()),
    `give one of: ${choices.join(', ')}`,
    'choice',
    choices,
  )

/** A list of words separated by white space. */
export const words = () => parsed((value) => value.split(/\s+/), 'give one or more words separated by blanks', 'words')

/** A secret: as text, but marked so that no form, log, metric or error shows it. */
export const secret = () => text().meta({ kind: 'secret' })

/** `prefix.<name> = value` keys, as a record from name to text: `headers.*`, `mapping.*`. */
export const named = () =>
  z
    .record(
      z.string(),
      z.preprocess((value) => String(value), z.string()),
    )
    .meta({ kind: 'named' })
