import type { ComponentMetrics } from './component-metrics.ts'

export const prometheusType = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * The text format of Prometheus: `sluice_source_event_received_count_total{component="r1",type="taildir"} 12`. Times
 * stay in epoch milliseconds, as in Flume's JSON.
 */
export function prometheusText(components: readonly ComponentMetrics[], agent: string): string {
  const families = new Map<string, { kind: string; lines: string[] }>()
  for (const { kind, name: component, type, metrics } of components) {
    const labels = Object.entries({ agent, component, type })
      .map(([label, value]) => `${label}="${escapeLabel(value)}"`)
      .join(',')
    for (const { name, value, kind: metricKind } of metrics) {
      const base = `sluice_${kind.toLowerCase()}_${snakeCase(name)}`
      const family = metricKind === 'counter' ? `${base.replace(/_count$/, '')}_total` : base
      let lines = families.get(family)
      if (lines === undefined) {
        lines = { kind: metricKind, lines: [] }
        families.set(family, lines)
      }
      lines.lines.push(`${family}{${labels}} ${prometheusNumber(value)}`)
    }
  }
  return [...families].map(([family, { kind, lines }]) => `# TYPE ${family} ${kind}\n${lines.join('\n')}\n`).join('')
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter, at: number) => (at === 0 ? '' : '_') + letter.toLowerCase())
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function prometheusNumber(value: number): string {
  if (value === Infinity) return '+Inf'
  return Number.isNaN(value) ? 'NaN' : String(value)
}
