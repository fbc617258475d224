/**
 * A regular expression taken apart, as far as is needed to tell what every match of it holds. Written for expressions
 * without the flags u and v (ECMA-262, 22.2.1 and annex B.1.2).
 */
export type PatternPart =
  /** One UTF-16 code unit. */
  | { readonly kind: 'unit'; readonly code: number }
  /** One of many units, as a class in brackets. `wide`: some of them are no ASCII. */
  | { readonly kind: 'class'; readonly source: string; readonly wide: boolean }
  | { readonly kind: 'group'; readonly alternatives: readonly PatternSequence[] }
  | { readonly kind: 'repeat'; readonly part: PatternPart; readonly least: number; readonly most: number }

/** What follows one another. Assertions are left out: what holds without them holds with them too. */
export type PatternSequence = readonly PatternPart[]

/** Stands for a unit that is no ASCII where bytes are read as Latin-1; it comes first in a class. */
const high = '\\x80-\\xff'
const anything = '[^]'

/** The alternatives of `source`, which is known to be right; undefined when something in it is not understood here. */
export function patternParts(source: string): readonly PatternSequence[] | undefined {
  const parser = new PatternParser(source)
  try {
    return parser.whole()
  } catch (error) {
    if (error === notUnderstood) return undefined
    throw error
  }
}

const notUnderstood = new Error('a part of the regular expression is not understood')

const controls: Readonly<Record<string, number>> = { f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09, v: 0x0b }
/** Escapes that stand for many characters, and whether some of those are no ASCII. */
const classEscapes: Readonly<Record<string, boolean>> = { d: false, w: false, D: true, W: true, s: true, S: true }

class PatternParser {
  readonly #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  whole(): readonly PatternSequence[] {
    const alternatives = this.#alternatives()
    if (this.#at < this.#source.length) throw notUnderstood
    return alternatives
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

  #alternatives(): PatternSequence[] {
    const alternatives: PatternPart[][] = [[]]
    while (this.#at < this.#source.length && this.#source[this.#at] !== ')') {
      if (this.#take('|')) alternatives.push([])
      else {
        const part = this.#part()
        const [least, most] = this.#times()
        if (part === undefined) continue
        alternatives.at(-1)?.push(least === 1 && most === 1 ? part : { kind: 'repeat', part, least, most })
      }
    }
    return alternatives
  }

  /** How often the part before may come. */
  #times(): [least: number, most: number] {
    const found = this.#match(/(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/y)
    if (found === undefined) return [1, 1]
    const [, sign, least = '', comma, most] = found
    if (sign !== undefined) return sign === '*' ? [0, Infinity] : sign === '+' ? [1, Infinity] : [0, 1]
    if (comma === undefined) return [Number(least), Number(least)]
    return [Number(least), most === undefined || most === '' ? Infinity : Number(most)]
  }

  /** Undefined for an assertion. */
  #part(): PatternPart | undefined {
    if (this.#take('^') || this.#take('$')) return undefined
    if (this.#take('.')) return { kind: 'class', source: '[^\\n\\r]', wide: true }
    if (this.#take('[')) return this.#classPart()
    if (this.#take('\\')) return this.#escape()
    if (this.#take('(')) return this.#group()
    const code = this.#source.charCodeAt(this.#at++)
    return { kind: 'unit', code }
  }

  #group(): PatternPart | undefined {
    const asserts = this.#match(/\?<?[=!]/y) !== undefined
    if (!asserts && !this.#take('?:') && this.#match(/\?<[^>]*>/y) === undefined && this.#source[this.#at] === '?')
      throw notUnderstood
    const alternatives = this.#alternatives()
    if (!this.#take(')')) throw notUnderstood
    return asserts ? undefined : { kind: 'group', alternatives }
  }

  #escape(): PatternPart | undefined {
    if (this.#take('b') || this.#take('B')) return undefined
    const letter = this.#source[this.#at] ?? ''
    const wide = classEscapes[letter]
    if (wide !== undefined) {
      this.#at++
      return { kind: 'class', source: wide ? `[${high}\\${letter}]` : `[\\${letter}]`, wide }
    }
    return { kind: 'unit', code: this.#escapedUnit() }
  }

  /** Behind a backslash: an escape that stands for one unit. */
  #escapedUnit(): number {
    const hex = this.#match(/x([\da-fA-F]{2})|u([\da-fA-F]{4})/y)
    if (hex !== undefined) return parseInt(hex[1] ?? hex[2] ?? '', 16)
    if (this.#match(/0(?!\d)/y) !== undefined) return 0
    const letter = this.#source[this.#at++] ?? ''
    const control = controls[letter]
    if (control !== undefined) return control
    // References to groups, control letters, and letters that mean something only elsewhere.
    if (letter === '' || /[\da-zA-Z]/.test(letter)) throw notUnderstood
    return letter.charCodeAt(0)
  }

  #classPart(): PatternPart {
    const negated = this.#take('^')
    const from = this.#at
    let wide = false
    let escapes = false
    while (!this.#take(']')) {
      if (this.#at >= this.#source.length) throw notUnderstood
      if (this.#take('\\')) {
        const letter = this.#source[this.#at] ?? ''
        const many = classEscapes[letter]
        if (many !== undefined) {
          this.#at++
          if (many) escapes = true
        } else if (letter === 'b') this.#at++
        else if (this.#escapedUnit() > 0x7f) wide = true
      } else if (this.#source.charCodeAt(this.#at++) > 0x7f) wide = true
    }
    const inner = this.#source.slice(from, this.#at - 1)
    if (!negated)
      return { kind: 'class', source: wide || escapes ? `[${high}${inner}]` : `[${inner}]`, wide: wide || escapes }
    // What is not ASCII is in it, unless the class names some of that.
    return { kind: 'class', source: wide || escapes ? anything : `[^${inner}]`, wide: true }
  }
}
