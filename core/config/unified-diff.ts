/** What differs between two texts, line by line, with three lines around it: as `diff -u` writes it. */
export interface UnifiedDiff {
  /** Empty when there is no difference. */
  readonly text: string
  readonly added: number
  readonly removed: number
}

interface Line {
  readonly text: string
  /** What stands for it in the difference. */
  readonly shown: string
}

interface Step {
  readonly kind: ' ' | '-' | '+'
  readonly line: Line
}

/** The lines of a text as they are to be shown, one for each. */
export type ShowLines = (lines: readonly string[]) => readonly string[]

const noLine: Line = { text: '', shown: '' }
const around = 3
/** Beyond so many differing lines the middle is shown as replaced whole: nobody reads it line by line. */
const mostSteps = 600

/** What differs is found in the lines as they are; what is shown of them is said by `show`. */
export function unifiedDiff(
  path: string,
  before: string,
  after: string,
  show: ShowLines = (lines) => lines,
): UnifiedDiff {
  const steps = compare(linesOf(before, show), linesOf(after, show))
  const hunks = hunksOf(steps)
  // Only the end of the last line differs.
  if (hunks.length === 0) return { text: '', added: 0, removed: 0 }
  const lines = [`--- ${path}`, `+++ ${path}`]
  for (const hunk of hunks) lines.push(header(hunk), ...hunk.steps.map(({ kind, line }) => kind + line.shown))
  const changed = (kind: Step['kind']) => steps.filter((step) => step.kind === kind).length
  return { text: `${lines.join('\n')}\n`, added: changed('+'), removed: changed('-') }
}

function linesOf(whole: string, show: ShowLines): Line[] {
  if (whole === '') return []
  const lines = whole.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  const shown = show(lines)
  return lines.map((text, at) => ({ text, shown: shown[at] ?? '' }))
}

/** The steps from one list to the other: what is equal at both ends first, the rest by Myers' algorithm. */
function compare(before: readonly Line[], after: readonly Line[]): Step[] {
  let start = 0
  while (start < before.length && start < after.length && before[start]?.text === after[start]?.text) start++
  let end = 0
  const most = Math.min(before.length, after.length) - start
  while (end < most && before[before.length - 1 - end]?.text === after[after.length - 1 - end]?.text) end++
  const same = (line: Line): Step => ({ kind: ' ', line })
  return [
    ...before.slice(0, start).map(same),
    ...shortest(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(same),
  ]
}

/** E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986: the greedy algorithm. */
function shortest(a: readonly Line[], b: readonly Line[]): Step[] {
  const replaced = () => [
    ...a.map((line): Step => ({ kind: '-', line })),
    ...b.map((line): Step => ({ kind: '+', line })),
  ]
  if (a.length === 0 || b.length === 0) return replaced()
  const reached = new Map<number, number>([[1, 0]])
  const trace: Map<number, number>[] = []
  for (let depth = 0; depth <= Math.min(a.length + b.length, mostSteps); depth++) {
    trace.push(new Map(reached))
    for (let diagonal = -depth; diagonal <= depth; diagonal += 2) {
      let x = nextX(reached, diagonal, depth)
      while (x < a.length && x - diagonal < b.length && a[x]?.text === b[x - diagonal]?.text) x++
      reached.set(diagonal, x)
      if (x >= a.length && x - diagonal >= b.length) return backtrack(a, b, trace)
    }
  }
  return replaced()
}

function nextX(reached: ReadonlyMap<number, number>, diagonal: number, depth: number): number {
  const above = reached.get(diagonal + 1) ?? -1
  const left = reached.get(diagonal - 1) ?? -1
  return diagonal === -depth || (diagonal !== depth && left < above) ? above : left + 1
}

function backtrack(a: readonly Line[], b: readonly Line[], trace: readonly ReadonlyMap<number, number>[]): Step[] {
  const steps: Step[] = []
  let x = a.length
  let y = b.length
  for (let depth = trace.length - 1; depth >= 0; depth--) {
    const reached = trace[depth] ?? new Map<number, number>()
    const diagonal = x - y
    const above = reached.get(diagonal + 1) ?? -1
    const left = reached.get(diagonal - 1) ?? -1
    const down = diagonal === -depth || (diagonal !== depth && left < above)
    const previousX = down ? above : left
    const previousY = previousX - (down ? diagonal + 1 : diagonal - 1)
    while (x > previousX && y > previousY && x > 0 && y > 0) {
      steps.push({ kind: ' ', line: a[--x] ?? noLine })
      y--
    }
    if (depth === 0) break
    if (down) steps.push({ kind: '+', line: b[--y] ?? noLine })
    else steps.push({ kind: '-', line: a[--x] ?? noLine })
  }
  return steps.reverse()
}

interface Hunk {
  readonly steps: readonly Step[]
  /** Lines before it, of the old and of the new text. */
  readonly before: number
  readonly after: number
}

/** Every change with the lines around it; what would touch is one. */
function hunksOf(steps: readonly Step[]): Hunk[] {
  const ranges: { from: number; to: number }[] = []
  for (const [index, { kind }] of steps.entries()) {
    if (kind === ' ') continue
    const last = ranges.at(-1)
    const from = Math.max(0, index - around)
    if (last !== undefined && from <= last.to) last.to = index + around + 1
    else ranges.push({ from, to: index + around + 1 })
  }
  return ranges.map(({ from, to }) => ({
    steps: steps.slice(from, to),
    before: count(steps.slice(0, from), '+'),
    after: count(steps.slice(0, from), '-'),
  }))
}

/** How many lines there are in one of the two texts: those that are not only in the other. */
function count(steps: readonly Step[], other: Step['kind']): number {
  return steps.filter(({ kind }) => kind !== other).length
}

function header({ steps, before, after }: Hunk): string {
  const old = count(steps, '+')
  const fresh = count(steps, '-')
  return `@@ -${old === 0 ? before : before + 1},${old} +${fresh === 0 ? after : after + 1},${fresh} @@`
}
