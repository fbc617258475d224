import { Chart, Filler, LinearScale, LineController, LineElement, PointElement, type ChartDataset } from 'chart.js'
import { formatTick } from '../../format/time.ts'
import { timeTicks, valueTicks } from './axis-ticks.ts'
import type { BandPoint } from './chart-band.ts'
import { bucketPoints, type ChartLine, type ChartUnit } from './chart-line.ts'
import { tokenColour } from './token-colour.ts'

Chart.register(Filler, LinearScale, LineController, LineElement, PointElement)

/** Pixels left of the plot, the same for every chart, so that charts above each other share their times. */
export const axisWidth = 68
export const rightEdge = 12

export interface ChartContent {
  readonly lines: readonly ChartLine[]
  readonly unit: ChartUnit
  /** Epoch milliseconds of the axis. */
  readonly from: number
  readonly to: number
  /** Milliseconds of a bucket. */
  readonly bucket: number
  /** A level to be drawn across, where the lines come near it. */
  readonly level?: number | undefined
  /** Where the first line may go from now on. */
  readonly band?: readonly BandPoint[] | undefined
  /** The area under a single line is filled. */
  readonly filled: boolean
}

type Line = Chart<'line', { x: number; y: number }[]>

/** The drawn part of a chart: chart.js with all it does by itself turned off. */
export class LineCanvas {
  readonly #canvas: HTMLCanvasElement
  readonly #chart: Line
  #content: ChartContent | undefined

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas
    this.#chart = new Chart(canvas, {
      type: 'line',
      data: { datasets: [] },
      options: {
        ...{ animation: false, parsing: false, normalized: true, events: [] },
        ...{ responsive: true, maintainAspectRatio: false, resizeDelay: 50, spanGaps: false },
        layout: { padding: { right: rightEdge, top: 6 } },
        elements: { point: { radius: 0, hitRadius: 0 }, line: { tension: 0, borderWidth: 1.5 } },
        scales: {
          x: {
            type: 'linear',
            ticks: { maxRotation: 0, autoSkip: false, callback: (at) => this.#timeText(Number(at)) },
            grid: { drawTicks: false },
            afterBuildTicks: (axis) => {
              axis.ticks = timeTicks(axis.min, axis.max, Math.max(2, axis.width / 84)).map((value) => ({ value }))
            },
          },
          y: {
            type: 'linear',
            min: 0,
            ticks: { autoSkip: false, callback: (value) => this.#content?.unit.short(Number(value)) ?? '' },
            grid: { drawTicks: false },
            afterFit: (axis) => {
              axis.width = axisWidth
            },
            afterBuildTicks: (axis) => {
              axis.ticks = this.#valueTicks().map((value) => ({ value }))
            },
          },
        },
      },
    })
    this.recolour()
  }

  show(content: ChartContent): void {
    this.#content = content
    const { x, y } = this.#chart.options.scales ?? {}
    if (x) Object.assign(x, { min: content.from, max: content.to })
    if (y) Object.assign(y, { max: this.#valueTicks().at(-1) })
    this.#draw()
  }

  /** Reads the colours again. */
  recolour(): void {
    const text = tokenColour(this.#canvas, '--muted')
    const line = tokenColour(this.#canvas, '--line')
    const font = getComputedStyle(this.#canvas)
    Chart.defaults.font.family = font.fontFamily
    for (const scale of [this.#chart.options.scales?.['x'], this.#chart.options.scales?.['y']]) {
      Object.assign(scale?.ticks ?? {}, { color: text, font: { size: 11 } })
      Object.assign(scale?.grid ?? {}, { color: line })
      Object.assign(scale?.border ?? {}, { color: line })
    }
    if (this.#content) this.#draw()
  }

  destroy(): void {
    this.#chart.destroy()
    // What it put off while its size changed (resizeDelay) it would do without a canvas.
    this.#chart.update = () => undefined
    this.#chart.resize = () => undefined
  }

  #draw(): void {
    const content = this.#content
    if (!content) return
    this.#chart.data.datasets = [
      ...content.lines.map((one) => this.#dataset(one, content)),
      ...this.#band(content),
      ...this.#level(content),
    ]
    this.#chart.update('none')
  }

  #dataset(line: ChartLine, { bucket, filled }: ChartContent): ChartDataset<'line', { x: number; y: number }[]> {
    const colour = tokenColour(this.#canvas, line.colour)
    return {
      data: bucketPoints(line.buckets, bucket),
      ...{ borderColor: colour, backgroundColor: faint(colour), fill: filled && 'origin' },
      borderDash: line.dashed ? [5, 3] : [],
    }
  }

  /** Its two edges with what is between them, and what is likely as a dotted line. */
  #band({ band, lines }: ChartContent): ChartDataset<'line', { x: number; y: number }[]>[] {
    const [line] = lines
    if (band === undefined || band.length === 0 || line === undefined) return []
    const colour = tokenColour(this.#canvas, line.colour)
    const edge = { borderWidth: 0.5, borderColor: colour, backgroundColor: faint(colour) }
    return [
      { data: band.map(({ x, latest }) => ({ x, y: latest })), ...edge, fill: false },
      { data: band.map(({ x, earliest }) => ({ x, y: earliest })), ...edge, fill: '-1' },
      { data: band.map(({ x, likely }) => ({ x, y: likely })), borderColor: colour, borderDash: [2, 3], fill: false },
    ]
  }

  #level({ level, from, to, lines, band = [] }: ChartContent): ChartDataset<'line', { x: number; y: number }[]>[] {
    const reached = band.some(({ earliest }) => level !== undefined && earliest >= level)
    if (level === undefined || (level > highest(lines) * 4 && !reached)) return []
    const data = [
      { x: from, y: level },
      { x: to, y: level },
    ]
    return [{ data, borderColor: tokenColour(this.#canvas, '--bad'), borderDash: [2, 4], borderWidth: 1.5 }]
  }

  #valueTicks(): number[] {
    if (!this.#content) return [0, 1]
    const { lines, unit, level, band = [] } = this.#content
    const high = Math.max(highest(lines), ...band.map(({ earliest, latest }) => Math.max(earliest, latest)))
    return valueTicks(level !== undefined && level <= high * 4 ? Math.max(level, high) : high, 4, unit.step)
  }

  #timeText(at: number): string {
    return this.#content ? formatTick(at, this.#content.to - this.#content.from) : ''
  }
}

function highest(lines: readonly ChartLine[]): number {
  let high = 0
  for (const { buckets } of lines) for (const { max } of buckets) if (max > high) high = max
  return high
}

/** The same colour, see-through: for the area under a line. */
function faint(colour: string): string {
  return `color-mix(in srgb, ${colour} 14%, transparent)`
}
