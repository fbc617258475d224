import type { ComponentMetrics, Metric } from './component-metrics.ts'

/** Types that have no MBean in Flume: monitoring that counts the keys would stumble over them. */
const unmonitored: Readonly<Record<ComponentMetrics['kind'], ReadonlySet<string>>> = {
  SOURCE: new Set(['netcat', 'netcatudp', 'stress', 'legacyavro', 'legacythrift']),
  SINK: new Set(['null', 'logger', 'irc']),
  CHANNEL: new Set(['jdbc']),
}

/** The file channel's `Open` is a boolean in Flume. */
const booleans = new Set(['Open'])
/** Attributes of the type double. */
const doubles = new Set(['ChannelFillPercentage'])

/** The answer of Flume's `/metrics` (flume.md §5.2): `SOURCE.r1` to attributes, every value a string. */
export function flumeJson(components: readonly ComponentMetrics[]): Record<string, Record<string, string>> {
  return Object.fromEntries(
    components
      .filter(({ kind, type }) => !unmonitored[kind].has(type.toLowerCase()))
      .map(({ kind, name, metrics }) => [
        `${kind}.${name}`,
        { Type: kind, ...Object.fromEntries(metrics.map((metric) => [metric.name, javaText(metric)])) },
      ]),
  )
}

/** A number as Java's `toString` writes it for the attribute's type. */
function javaText({ name, value }: Metric): string {
  if (booleans.has(name)) return value === 1 ? 'true' : 'false'
  if (!doubles.has(name)) return Number.isFinite(value) ? String(value) : String(Number.MAX_SAFE_INTEGER)
  if (value === Number.MAX_VALUE) return '1.7976931348623157E308'
  return Number.isInteger(value) ? `${value}.0` : String(value).replace('e', 'E')
}
