import { type PatternPart, patternParts, type PatternSequence } from './pattern-parts.ts'

/** Beyond so many repeats a part counts as one without an end. */
const mostRepeats = 64
const mostLiteral = 64
/** Of a group: it is short. */
const mostTimes = 8
/** Bytes that one UTF-16 unit, or what stands for broken UTF-8, takes at most. */
const mostBytes = 3
/** Below this a pattern says too little: nearly every block would hold it. */
const leastWeight = 4

/** What tells quickly where in a block of events a regular expression can match at all. */
export interface PatternHint {
  /** A text that every match holds; empty when there is none. */
  readonly literal: string
  /**
   * Finds a place in every text that holds a match, when the bytes of the text, whatever lies around them, are read as
   * Latin-1. What it finds has a bounded length, so that it never reads on to the end of a block. Undefined when nothing
   * useful of that kind is known.
   */
  readonly inBytes: RegExp | undefined
}

export const noHint: PatternHint = { literal: '', inBytes: undefined }

/** Looks at an expression that is known to be right, with the flag i or none. */
export function patternHint(source: string, ignoreCase: boolean): PatternHint {
  const alternatives = patternParts(source)
  if (alternatives === undefined) return noHint
  const [only] = alternatives
  const literal = alternatives.length === 1 && only !== undefined ? longestLiteral(only, ignoreCase) : ''
  const form = bestOf(alternatives)
  const inBytes = form === undefined || form.weight < leastWeight ? undefined : form.source
  return { literal, inBytes: inBytes === undefined ? undefined : new RegExp(inBytes, ignoreCase ? 'gi' : 'g') }
}

/** The longest text that whatever matches the sequence holds. */
function longestLiteral(sequence: PatternSequence, ignoreCase: boolean): string {
  let longest = ''
  let run = ''
  const end = () => {
    if (run.length > longest.length) longest = run
    run = ''
  }
  const walk = (part: PatternPart): void => {
    if (run.length > mostLiteral) end()
    if (part.kind === 'unit' && hasOwnBytes(part.code, ignoreCase)) run += String.fromCharCode(part.code)
    else if (part.kind === 'group' && part.alternatives.length === 1) part.alternatives[0]?.forEach(walk)
    else if (part.kind === 'repeat' && part.least > 0) {
      for (let time = 0; time < Math.min(part.least, mostRepeats); time++) walk(part.part)
      if (part.most === part.least && part.least <= mostRepeats) return
      end()
      // Its last time ends where the next part begins.
      walk(part.part)
    } else end()
  }
  sequence.forEach(walk)
  end()
  return longest
}

/** Whether a unit has the same bytes wherever it matches: no half of a pair, nothing that broken UTF-8 is read as. */
function hasOwnBytes(code: number, ignoreCase: boolean): boolean {
  return code < 0x80 || (!ignoreCase && (code < 0xd800 || (code > 0xdfff && code !== 0xfffd)))
}

interface Form {
  readonly source: string
  /** How much it tells: units that it names, those of a class counting less. */
  readonly weight: number
  /** It is all of what it was made from, so that what comes before and behind it lies beside it. */
  readonly whole: boolean
}

/** What holds of all of the alternatives: one of their forms. */
function bestOf(alternatives: readonly PatternSequence[]): Form | undefined {
  const forms = alternatives.map(formOf)
  const known = forms.filter((form) => form !== undefined)
  if (known.length < forms.length) return undefined
  return {
    source: `(?:${known.map(({ source }) => source).join('|')})`,
    weight: Math.min(...known.map(({ weight }) => weight)),
    whole: known.every(({ whole }) => whole),
  }
}

/** The stretch of a sequence that tells most and has a bounded length. */
function formOf(sequence: PatternSequence): Form | undefined {
  const stretches: Form[][] = [[]]
  for (const part of sequence) {
    const { before, behind } = formsOf(part)
    if (before !== undefined) stretches.at(-1)?.push(before)
    if (before?.whole === true && before === behind) continue
    stretches.push([])
    if (behind !== undefined) stretches.at(-1)?.push(behind)
    if (behind?.whole === false) stretches.push([])
  }
  const joined = stretches.map((forms) => ({
    source: forms.map(({ source }) => source).join(''),
    weight: forms.reduce((sum, { weight }) => sum + weight, 0),
  }))
  const [best] = joined.sort((one, other) => other.weight - one.weight)
  return best && { ...best, whole: stretches.length === 1 }
}

/** What of a part lies beside what comes before it, and what beside what comes behind it: the same when it is bounded. */
function formsOf(part: PatternPart): { before: Form | undefined; behind: Form | undefined } {
  if (part.kind === 'repeat') return repeated(part.part, part.least, part.most)
  if (part.kind !== 'group') return same(single(part, 1, 1))
  const form = bestOf(part.alternatives)
  return form === undefined || form.whole ? same(form) : { before: undefined, behind: form }
}

const same = (form: Form | undefined) => ({ before: form, behind: form })

function repeated(
  part: PatternPart,
  least: number,
  most: number,
): { before: Form | undefined; behind: Form | undefined } {
  const bounded = most <= mostRepeats
  if (part.kind === 'unit' || part.kind === 'class') {
    if (bounded) return same(single(part, least, most))
    const times = Math.min(least, mostRepeats)
    const form = times === 0 ? undefined : single(part, times, times)
    return { before: form, behind: form && { ...form } }
  }
  const inner = part.kind === 'group' ? bestOf(part.alternatives) : undefined
  // Repeats of repeats have more ways than bytes to match them: only what needs no choice is taken as it is.
  if (inner?.whole === true && (most === 1 || (most === least && most <= mostTimes)))
    return same({ source: `${inner.source}{${least},${most}}`, weight: inner.weight * least, whole: true })
  if (inner === undefined || least === 0) return { before: undefined, behind: undefined }
  return inner.whole ? { before: inner, behind: { ...inner } } : { before: undefined, behind: inner }
}

/** One unit, so many times, as it lies in bytes. */
function single(part: Extract<PatternPart, { kind: 'unit' | 'class' }>, least: number, most: number): Form {
  const wide = part.kind === 'class' ? part.wide : part.code > 0x7f
  const source =
    part.kind === 'class' ? part.source : wide ? '[\\x80-\\xff]' : `\\x${part.code.toString(16).padStart(2, '0')}`
  const longest = wide ? most * mostBytes : most
  return {
    source: least === 1 && longest === 1 ? source : `${source}{${least},${longest}}`,
    weight: least * (part.kind === 'unit' ? 3 : wide ? 0 : 2),
    whole: true,
  }
}
