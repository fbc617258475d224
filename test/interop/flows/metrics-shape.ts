/** What of `/metrics` is the same for both: component keys, the names of their counters, and what has come through. */

export type Metrics = Readonly<Record<string, Readonly<Record<string, string>>>>

/** By the kind of component: what Sluice has beyond Flume's counters. */
export const furtherCounters: Readonly<Record<string, readonly string[]>> = {
  SOURCE: ['BytesAccepted'],
  CHANNEL: [
    ...['ChannelBytes', 'EventDeliveredCount', 'EventDroppedCount', 'EventLostCount', 'EventQuarantinedCount'],
    ...['EventReceivedCount', 'EventRepeatedCount', 'FreeDiskBytes', 'OldestEventTime'],
    // Flume has these two on its file channel only.
    ...['EventPutErrorCount', 'EventTakeErrorCount'],
  ],
  SINK: ['BytesDelivered'],
}

const kindOf = (component: string) => component.split('.')[0] ?? ''

/** What `sluice` has and `flume` has not in the same component, by the kind of component. */
export function furtherThan(flume: Metrics, sluice: Metrics): Record<string, string[]> {
  const names: Record<string, Set<string>> = {}
  for (const [component, counters] of Object.entries(sluice))
    for (const name of Object.keys(counters))
      if (!(name in (flume[component] ?? {}))) (names[kindOf(component)] ??= new Set()).add(name)
  return Object.fromEntries(Object.entries(names).map(([kind, found]) => [kind, [...found].sort()]))
}

/** Each component's counters by name; `without` those that only Sluice has and that Flume's same component lacks. */
export function shape(metrics: Metrics, flume: Metrics): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(metrics).map(([component, counters]) => {
      const further = new Set(furtherCounters[kindOf(component)])
      const known = flume[component] ?? {}
      return [
        component,
        Object.keys(counters)
          .filter((name) => name in known || !further.has(name))
          .sort(),
      ]
    }),
  )
}

/** Counters that do not depend on how often somebody looked or how a batch was cut. */
const counted: Readonly<Record<string, readonly string[]>> = {
  SOURCE: ['Type', 'EventReceivedCount', 'EventAcceptedCount', 'ChannelWriteFail', 'GenericProcessingFail'],
  CHANNEL: [
    ...['Type', 'ChannelSize', 'ChannelCapacity', 'ChannelFillPercentage', 'EventPutSuccessCount'],
    'EventTakeSuccessCount',
  ],
  SINK: ['Type', 'EventDrainSuccessCount', 'ConnectionCreatedCount'],
}

/** What of the named components has come through. */
export function counts(metrics: Metrics, components: ReadonlySet<string>): Record<string, Record<string, string>> {
  return Object.fromEntries(
    Object.entries(metrics)
      .filter(([component]) => components.has(component))
      .map(([component, counters]) => [
        component,
        Object.fromEntries((counted[kindOf(component)] ?? []).map((name) => [name, counters[name] ?? 'absent'])),
      ]),
  )
}
