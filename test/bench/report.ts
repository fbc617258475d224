/** One line of a bench: a figure and the peer or raw limit that ran beside it. */
export interface Figure {
  readonly name: string
  readonly value: string
  /** What it is compared with, in the same run. */
  readonly against: string
  /** value / peer, where there is one. */
  readonly ratio: number | undefined
  /** What the project asks for; empty when it only informs. */
  readonly target: string
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

/** As a table of markdown that can also be read as it is. */
export function tableText(figures: readonly Figure[]): string {
  const rows = [
    ['figure', 'value', 'against', 'ratio', 'target'],
    ...figures.map(({ name, value, against, ratio, target }) => [
      name,
      value,
      against,
      ratio === undefined ? '' : ratio.toFixed(2),
      target,
    ]),
  ]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...others] = rows
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...others.map(line)].join('\n')
}
