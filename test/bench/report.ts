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

export function printTable(title: string, figures: readonly Figure[]): void {
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
  console.log(`\n## ${title}\n`)
  rows.forEach((row, index) => {
    console.log(`| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`)
    if (index === 0) console.log(`|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`)
  })
}
