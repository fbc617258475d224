import { decimalStep, timeStep } from '../../parts/chart/axis-ticks.ts'
import type { ChartUnit } from '../../parts/chart/chart-line.ts'
import { formatBytes, formatCount, formatRate, formatShort } from '../../format/quantity.ts'
import { formatDuration } from '../../format/time.ts'

const duration = (milliseconds: number) => (milliseconds === 0 ? '0' : formatDuration(milliseconds / 1000))

export const rateUnit: ChartUnit = { format: formatRate, short: formatRate, step: decimalStep }

/** The three ways to measure what waits; `value` is the series, too. */
export const backlogMeasures = [
  {
    value: 'events',
    text: 'Events',
    unit: { format: formatCount, short: formatShort, step: (least) => Math.max(1, decimalStep(least)) },
  },
  { value: 'bytes', text: 'Bytes', unit: { format: formatBytes, short: formatBytes, step: decimalStep } },
  { value: 'age', text: 'Age of the oldest', unit: { format: duration, short: duration, step: timeStep } },
] as const satisfies readonly { value: string; text: string; unit: ChartUnit }[]

export type BacklogMeasure = (typeof backlogMeasures)[number]['value']
