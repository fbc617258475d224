import type { z } from 'zod'
import type { Agent } from '../agent/agent.ts'
import type { Clock } from '../clock.ts'
import { SluiceError } from '../errors.ts'
import type { sourceCalls } from './source-calls.ts'
import { testConnection } from './test-connection.ts'
import { testFolder } from './test-folder.ts'

type Params<Name extends keyof typeof sourceCalls> = z.output<(typeof sourceCalls)[Name]['params']>

/** Answers what is asked about sources, and about what they and the sinks are to reach. */
export function sourceHandlers(agent: Agent, clock: Clock) {
  return {
    sourceFiles: ({ source, ...query }: Params<'sourceFiles'>) => agent.sourceFiles(source, query),
    testConnection: (params: Params<'testConnection'>, signal: AbortSignal | undefined) => {
      const { host, port, tls, component, within } = params
      const own: Readonly<Record<string, string>> =
        tls === undefined ? {} : typeof tls === 'boolean' ? { ssl: String(tls) } : tls
      const settings = { ...(component === undefined ? {} : sinkSettings(agent, component)), ...own }
      return testConnection({ host, port, settings, within, baseDirectory: agent.baseDirectory, clock, signal })
    },
    testFolder: ({ path, pattern }: Params<'testFolder'>) => testFolder(path, pattern, agent.baseDirectory),
  }
}

function sinkSettings(agent: Agent, component: string): Readonly<Record<string, string>> {
  const { kind, name } = agent.graph.find(component)
  const sink = agent.config.sinks.find((one) => one.name === name)
  if (kind !== 'sink' || sink?.type !== 'avro')
    throw new SluiceError('SLUICE_CONTROL', `${component} is no avro sink: its settings say nothing about a connection`)
  return sink.raw
}
