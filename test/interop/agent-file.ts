/** The text of a Flume configuration file, from its components. */

/** The settings of one component: keys as in the file. */
export type Settings = Readonly<Record<string, string | number | boolean>>

export interface AgentParts {
  readonly sources?: Readonly<Record<string, Settings>>
  readonly channels?: Readonly<Record<string, Settings>>
  readonly sinks?: Readonly<Record<string, Settings>>
  readonly sinkgroups?: Readonly<Record<string, Settings>>
}

const kinds = ['sources', 'channels', 'sinks', 'sinkgroups'] as const

/** A backslash is an escape in `.properties`. */
const escaped = (value: string | number | boolean) => String(value).replaceAll('\\', '\\\\')

export function agentFile(agent: string, ...flows: readonly AgentParts[]): string {
  let text = ''
  for (const kind of kinds) {
    const components = flows.flatMap((parts) => Object.entries(parts[kind] ?? {}))
    if (components.length === 0) continue
    text += `${agent}.${kind} = ${components.map(([name]) => name).join(' ')}\n`
    for (const [name, settings] of components)
      for (const [key, value] of Object.entries(settings))
        text += `${agent}.${kind}.${name}.${key} = ${escaped(value)}\n`
  }
  return text
}

/** One source `in`, one channel `c`, one sink `out`. */
export function straightFlow(agent: string, parts: { source: Settings; channel: Settings; sink: Settings }): string {
  return agentFile(agent, {
    sources: { in: { ...parts.source, channels: 'c' } },
    channels: { c: parts.channel },
    sinks: { out: { ...parts.sink, channel: 'c' } },
  })
}

export const avroSource = (port: number): Settings => ({ type: 'avro', bind: '127.0.0.1', port })
export const avroSink = (port: number): Settings => ({ type: 'avro', hostname: '127.0.0.1', port })
export const memoryChannel: Settings = { type: 'memory', capacity: 20_000, transactionCapacity: 10_000 }
export const fileRoll = (directory: string, serializer: string): Settings => ({
  type: 'file_roll',
  'sink.directory': directory,
  'sink.rollInterval': 0,
  'sink.batchSize': 1000,
  'sink.serializer': serializer,
})
