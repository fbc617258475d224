/**
 * A regular expression taken apart into what it accepts. Written for expressions without the flags u and v (ECMA-262,
 * 22.2.1 and annex B.1.2) that `RegExp` has already taken: it never has to say what is wrong with one.
 */
export type PatternNode =
  /** One UTF-16 code unit; `source` is an expression for it alone. */
  | { readonly kind: 'unit'; readonly source: string }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly alternatives: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly least: number; readonly most: number }
  | { readonly kind: 'edge'; readonly edge: Edge }
  /** Looks ahead or behind: passes in one way or not at all. */
  | { readonly kind: 'look'; readonly part: PatternNode }
  /** A group with flags of its own. */
  | { readonly kind: 'flagged'; readonly part: PatternNode }
  /** What a group before has matched. */
  | { readonly kind: 'reference' }

export type Edge = 'start' | 'end' | 'word' | 'no word'

const edges: readonly (readonly [string, Edge])[] = [
  ['^', 'start'],
  ['$', 'end'],
  ['\\b', 'word'],
  ['\\B', 'no word'],
]

export function patternTree(source: string): PatternNode {
  return new PatternParser(source).choice()
}

class PatternParser {
  readonly #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  choice(): PatternNode {
    const first = this.#sequence()
    const alternatives = [first]
    while (this.#take('|')) alternatives.push(this.#sequence())
    return alternatives.length === 1 ? first : { kind: 'choice', alternatives }
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = []
    while (this.#at < this.#source.length && !'|)'.includes(this.#source.charAt(this.#at))) parts.push(this.#repeated())
    return { kind: 'sequence', parts }
  }

  #repeated(): PatternNode {
    const part = this.#part()
    const found = this.#match(/(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/y)
    if (found === undefined) return part
    const [, sign, count = '', comma, upTo = ''] = found
    if (sign !== undefined)
      return { kind: 'repeat', part, least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Infinity }
    const least = Number(count)
    return { kind: 'repeat', part, least, most: comma === undefined ? least : upTo === '' ? Infinity : Number(upTo) }
  }

  #part(): PatternNode {
    for (const [text, edge] of edges) if (this.#take(text)) return { kind: 'edge', edge }
    if (this.#take('(')) return this.#group()
    if (this.#match(/\\(?:[1-9]\d*|k<[^>]*>)/y) !== undefined) return { kind: 'reference' }
    // A control letter without its letter: the backslash stands for itself.
    if (this.#match(/\\(?=c(?![A-Za-z]))/y) !== undefined) return { kind: 'unit', source: '\\\\' }
    const [source = ''] =
      this.#match(/\[\^?(?:[^\]\\]|\\[^])*\]/y) ??
      this.#match(/\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|c[A-Za-z]|0[0-7]{0,2}|[^])/y) ??
      this.#match(/[^]/y) ??
      []
    // A brace or bracket that stands for itself means something else at the beginning of an expression.
    return { kind: 'unit', source: /^[{}\]]$/.test(source) ? `\\${source}` : source }
  }

  #group(): PatternNode {
    const head = this.#match(/\?(?:<?[=!]|:|<[^>]*>|[a-z-]*:)/y)?.[0] ?? ''
    const part = this.choice()
    this.#take(')')
    if (/[=!]$/.test(head)) return { kind: 'look', part }
    return /^\?[a-z-]/.test(head) ? { kind: 'flagged', part } : part
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#source)
    if (found === null) return undefined
    this.#at += found[0].length
    return found
  }
}
