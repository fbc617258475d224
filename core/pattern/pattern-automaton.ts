import { beginsAtStart } from './pattern-cost.ts'
import type { Edge, PatternNode } from './pattern-tree.ts'

type Instruction =
  | { readonly kind: 'unit'; readonly unit: number; next: number }
  | { readonly kind: 'edge'; readonly edge: Edge; next: number }
  | { readonly kind: 'fork'; next: number; other: number }
  | { readonly kind: 'match' }

/** What lies on one side of a place in the text. */
type Side = 'border' | 'word' | 'line end' | 'other'

interface State {
  /** Instructions that wait at this place, in ascending order. */
  readonly waiting: readonly number[]
  readonly before: Side
  /** By the class of the unit that follows; index 0 is the end of the text. */
  readonly next: (State | 'match' | undefined)[]
}

/** Units that all parts of an expression treat alike. */
interface UnitClass {
  readonly side: Side
  readonly accepted: ReadonlySet<number>
}

const endOfText: UnitClass = { side: 'border', accepted: new Set() }

const mostInstructions = 5000
/** States that are kept; beyond it all are forgotten and found anew. */
const mostStates = 500

/**
 * Finds an expression in time that grows with the text and nothing else, whatever the two are: it follows all ways to
 * match at once (Thompson's construction) and remembers where each set of ways leads. Says only whether there is a match.
 */
export class PatternAutomaton {
  readonly #program: readonly Instruction[]
  readonly #units: readonly RegExp[]
  readonly #anchored: boolean
  readonly #lines: boolean
  readonly #classOf = new Uint16Array(0x10000)
  readonly #classes: UnitClass[] = [endOfText]
  readonly #classNumbers = new Map<string, number>()
  readonly #states = new Map<string, State>()
  #first: State

  private constructor(program: readonly Instruction[], units: readonly RegExp[], anchored: boolean, lines: boolean) {
    this.#program = program
    this.#units = units
    this.#anchored = anchored
    this.#lines = lines
    this.#first = this.#state([0], 'border')
  }

  /** Undefined for what needs memory (references, looking around), changes its flags, or is too large. */
  static of(tree: PatternNode, flags: string): PatternAutomaton | undefined {
    const lines = flags.includes('m')
    const builder = new ProgramBuilder(flags)
    return builder.build(tree)
      ? new PatternAutomaton(builder.program, builder.units, !lines && beginsAtStart(tree), lines)
      : undefined
  }

  test(text: string): boolean {
    let state = this.#first
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      const unit = this.#classOf[code] || this.#classify(code)
      const next = state.next[unit] ?? this.#step(state, unit)
      if (next === 'match') return true
      if (next.waiting.length === 0) return false
      state = next
    }
    return (state.next[0] ?? this.#step(state, 0)) === 'match'
  }

  #classify(code: number): number {
    const text = String.fromCharCode(code)
    const accepted = this.#units.flatMap((unit, index) => (unit.test(text) ? [index] : []))
    const side = /\w/.test(text) ? 'word' : /[\n\r\u2028\u2029]/.test(text) ? 'line end' : 'other'
    const key = `${side} ${accepted.join(' ')}`
    let number = this.#classNumbers.get(key)
    if (number === undefined) {
      number = this.#classes.push({ side, accepted: new Set(accepted) }) - 1
      this.#classNumbers.set(key, number)
    }
    this.#classOf[code] = number
    return number
  }

  #step(state: State, unit: number): State | 'match' {
    const { side, accepted } = this.#classes[unit] ?? endOfText
    const seen = new Set<number>()
    const open = [...state.waiting]
    const waiting: number[] = []
    let matched = false
    for (let at = open.pop(); at !== undefined && !matched; at = open.pop()) {
      if (seen.has(at)) continue
      seen.add(at)
      const instruction = this.#program[at]
      switch (instruction?.kind) {
        case undefined:
        case 'match':
          matched = true
          break
        case 'fork':
          open.push(instruction.next, instruction.other)
          break
        case 'edge':
          if (this.#isAt(instruction.edge, state.before, side)) open.push(instruction.next)
          break
        case 'unit':
          if (accepted.has(instruction.unit)) waiting.push(instruction.next)
      }
    }
    if (!matched && !this.#anchored) waiting.push(0)
    const next = matched
      ? 'match'
      : this.#state(
          [...new Set(waiting)].sort((one, other) => one - other),
          side,
        )
    state.next[unit] = next
    return next
  }

  #isAt(edge: Edge, before: Side, after: Side): boolean {
    switch (edge) {
      case 'start':
        return before === 'border' || (this.#lines && before === 'line end')
      case 'end':
        return after === 'border' || (this.#lines && after === 'line end')
      case 'word':
        return (before === 'word') !== (after === 'word')
      case 'no word':
        return (before === 'word') === (after === 'word')
    }
  }

  #state(waiting: readonly number[], before: Side): State {
    const key = `${before} ${waiting.join(' ')}`
    let state = this.#states.get(key)
    if (state === undefined) {
      if (this.#states.size >= mostStates) {
        this.#states.clear()
        this.#first = { ...this.#first, next: [] }
      }
      state = { waiting, before, next: [] }
      this.#states.set(key, state)
    }
    return state
  }
}

class ProgramBuilder {
  readonly program: Instruction[] = []
  readonly units: RegExp[] = []
  readonly #unitNumbers = new Map<string, number>()
  readonly #flags: string

  constructor(flags: string) {
    this.#flags = flags
  }

  build(tree: PatternNode): boolean {
    return this.#add(tree) && this.#push({ kind: 'match' })
  }

  /** Each instruction leads to the one behind it, unless a fork or its end says otherwise. */
  #push(instruction: Instruction): boolean {
    this.program.push(instruction)
    return this.program.length <= mostInstructions
  }

  #add(node: PatternNode): boolean {
    const next = this.program.length + 1
    switch (node.kind) {
      case 'unit':
        return this.#push({ kind: 'unit', unit: this.#unit(node.source), next })
      case 'edge':
        return this.#push({ kind: 'edge', edge: node.edge, next })
      case 'sequence':
        return node.parts.every((part) => this.#add(part))
      case 'choice':
        return this.#addChoice(node.alternatives)
      case 'repeat':
        return this.#addRepeat(node.part, node.least, node.most)
      default:
        return false
    }
  }

  #addChoice(alternatives: readonly PatternNode[]): boolean {
    const ends: { other: number }[] = []
    for (const [index, alternative] of alternatives.entries()) {
      const last = index === alternatives.length - 1
      const fork = this.#fork()
      if (!this.#add(alternative)) return false
      if (!last) ends.push(this.#fork())
      fork.other = last ? fork.next : this.program.length
    }
    // The fork at the end of an alternative has one way only: to behind them all.
    for (const end of ends) Object.assign(end, { next: this.program.length, other: this.program.length })
    return this.program.length <= mostInstructions
  }

  #addRepeat(part: PatternNode, least: number, most: number): boolean {
    for (let time = 0; time < least; time++) {
      const before = this.program.length
      if (!this.#add(part)) return false
      if (this.program.length === before) return true
    }
    if (most === Infinity) {
      const fork = this.#fork()
      const back = this.program.length - 1
      if (!this.#add(part)) return false
      Object.assign(this.#fork(), { next: back, other: back })
      fork.other = this.program.length
      return true
    }
    const skips: { other: number }[] = []
    for (let time = least; time < most; time++) {
      skips.push(this.#fork())
      if (!this.#add(part) || this.program.length > mostInstructions) return false
    }
    for (const skip of skips) skip.other = this.program.length
    return true
  }

  #fork() {
    const next = this.program.length + 1
    const fork = { kind: 'fork' as const, next, other: next }
    this.program.push(fork)
    return fork
  }

  #unit(source: string): number {
    let number = this.#unitNumbers.get(source)
    if (number === undefined) {
      number = this.units.push(new RegExp(`^(?:${source})$`, this.#flags.replace('m', ''))) - 1
      this.#unitNumbers.set(source, number)
    }
    return number
  }
}
