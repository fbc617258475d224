import type { AgentParts, Settings } from '../agent-file.ts'
import { inPlace, portOf } from './flow.ts'

/** Source, channel and sink, all three of one name. */
export function straight(name: string, source: Settings, sink: Settings, channel: Settings = memory): AgentParts {
  return {
    sources: { [name]: { ...source, channels: name } },
    channels: { [name]: channel },
    sinks: { [name]: { ...sink, channel: name } },
  }
}

export const memory: Settings = { type: 'memory' }
export const logger: Settings = { type: 'logger' }

export const netcat = (port: string, more: Settings = {}): Settings => ({
  type: 'netcat',
  bind: '127.0.0.1',
  port: portOf(port),
  ...more,
})

export const http = (port: string, more: Settings = {}): Settings => ({
  type: 'http',
  bind: '127.0.0.1',
  port: portOf(port),
  ...more,
})

/** Into one file below `out`, by any serializer. */
export const toFile = (name: string, serializer = 'text', more: Settings = {}): Settings => ({
  type: 'file_roll',
  'sink.directory': inPlace('out', name),
  'sink.rollInterval': 0,
  'sink.serializer': serializer,
  ...more,
})
