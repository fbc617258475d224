/**
 * Building blocks of component schemas. Settings arrive as flat Flume keys with text values; each block turns the text
 * into the value, with an error that says what would be right. Defaults are Flume's (flume.md §1) unless a definition's
 * `differences` says otherwise.
 *
 * How the keys below a component become what its schema sees (`settings-shape.ts`):
 * - A plain key stays as it is, dots and all: `batch-size`, `sink.rollInterval`, `handler.maxBlobLength`. Declare it as
 *   that key: `z.object({ 'sink.rollInterval': whole().default(30) })`.
 * - A group of keys is declared as `'<prefix>.*': named()` and arrives as a record from the rest of the key to the text:
 *   `'headers.*'` collects `headers.g1.host = x` as `{ 'g1.host': 'x' }`. It is an empty record when there is none.
 *   A list and its group stand side by side: `filegroups: words(), 'filegroups.*': named()`.
 * - A key that is declared goes to its own declaration; of several groups that fit, the longest prefix wins.
 * - `type`, `channels`, `channel`, `interceptors` and `selector` (with what is below) never reach a source's or sink's
 *   schema; an interceptor, selector or processor sees its keys without their prefix, and no `type`.
 * - Every other key is a warning with the nearest declared key, unless the object is `z.looseObject`, which gets it.
 */
import { z } from 'zod'
import type { ComponentKind } from './definition.ts'

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

/** A list separated by commas (`dataDirs`); blanks around the items do not count. */
export const commas = () =>
  parsed(
    (value) => {
      const items = value.split(',').map((item) => item.trim())
      return items.includes('') ? undefined : items
    },
    'give one or more items separated by commas',
    'commas',
  )

/**
 * The type of a component that this one makes for itself, whose own settings are below the same key:
 * `'sink.serializer': nested('serializer').default('text'), 'sink.serializer.*': named()`. The type and its settings are
 * checked when the configuration is loaded.
 */
export const nested = (kind: ComponentKind) => parsed((value) => value, `give the type of a ${kind}`, 'component', kind)

/** All keys `<prefix>.<rest>`, as a record from rest to text. Declare it as `'<prefix>.*'`. */
export const named = () =>
  z
    .unknown()
    .transform((value, context): Readonly<Record<string, string>> => {
      if (typeof value === 'object' && value !== null)
        // fromEntries makes own properties, whatever the name: `__proto__` is a key as any other.
        return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, String(one as unknown).trim()]))
      context.addIssue({ code: 'custom', message: 'give keys below it' })
      return z.NEVER
    })
    .meta({ kind: 'named' })
