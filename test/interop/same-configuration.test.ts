/**
 * One `.properties` file, byte for byte, for a real Flume agent and for a Sluice agent; the same input is played to each, and what
 * can be seen of it must be the same. What is not is in docs/differences-from-flume.md, and nothing else is.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentFile } from './agent-file.ts'
import { deserializerFlows } from './flows/deserializer-flows.ts'
import { documentedDifferences } from './flows/documented-differences.ts'
import { fileFlows } from './flows/file-flows.ts'
import { type Flow, type Observed, portsOf } from './flows/flow.ts'
import { counts, furtherCounters, furtherThan, type Metrics, shape } from './flows/metrics-shape.ts'
import { networkFlows } from './flows/network-flows.ts'
import { Place } from './flows/place.ts'
import { routingFlows } from './flows/routing-flows.ts'
import { makeKeyStores, storePassword } from './flume/key-store.ts'
import { tlsFlows } from './flows/tls-flows.ts'
import { freePorts } from './flume/peer.ts'
import type { PeerProcess } from './peer-process.ts'
import { absence, type AgentOptions, Peers } from './peers.ts'

const flows = [...networkFlows, ...fileFlows, ...deserializerFlows, ...routingFlows, ...tlsFlows]
/** What differs for the two sides are the environment variables that it refers to: folders and ports. */
const configuration = agentFile('a', ...flows.map(({ parts }) => parts))
const portNames = portsOf(flows)

/** Differences that the tests below hold; the flows hold all others. */
const beyondFlows = ['Further counters', 'Events that seq makes', 'Exit code'] as const

interface Side {
  readonly observed: ReadonlyMap<Flow, Observed>
  readonly metrics: Metrics
  /** By method and path: the status of the monitoring port's answer. */
  readonly monitoring: Readonly<Record<string, number>>
  readonly exitCode: number | null
}

async function monitoringAnswers(port: number): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {}
  for (const path of ['/', '/metrics', '/METRICS', '/metrics/', '/nothing'])
    statuses[`GET ${path}`] = (await fetch(`http://127.0.0.1:${port}${path}`)).status
  for (const method of ['HEAD', 'OPTIONS'])
    statuses[`${method} /metrics`] = (await fetch(`http://127.0.0.1:${port}/metrics`, { method })).status
  return statuses
}

/** Key and trust store for every component with `ssl = true`: what it says itself is no more than that. */
async function tlsEnvironment(directory: string): Promise<Record<string, string>> {
  const { keyStore, trustStore } = await makeKeyStores(directory)
  return {
    FLUME_SSL_KEYSTORE_PATH: keyStore,
    FLUME_SSL_KEYSTORE_PASSWORD: storePassword,
    FLUME_SSL_KEYSTORE_TYPE: 'PKCS12',
    FLUME_SSL_TRUSTSTORE_PATH: trustStore,
    FLUME_SSL_TRUSTSTORE_PASSWORD: storePassword,
    FLUME_SSL_TRUSTSTORE_TYPE: 'PKCS12',
    FLUME_SSL_EXCLUDE_PROTOCOLS: 'TLSv1.1,TLSv1.3',
  }
}

/** Sources whose counters Flume sets to 0 when it starts them: those of netcat it does not start. */
const countingSources = flows.flatMap(({ parts }) =>
  Object.entries(parts.sources ?? {}).flatMap(([name, { type }]) => (/^netcat/i.test(String(type)) ? [] : [name])),
)

/**
 * A Flume agent that has started every source. It does so on other threads than the one that opens the monitoring port, and a
 * source takes input before it sets its counters to 0.
 */
async function startedFlume(peers: Peers, properties: string, options: Required<AgentOptions>): Promise<PeerProcess> {
  const agent = await peers.flume(
    'a',
    properties,
    new RegExp(`Started ServerConnector.*:${options.monitoringPort}}`),
    options,
  )
  for (const name of countingSources) await agent.logged(`Component type: SOURCE, name: ${name} started`)
  return agent
}

type Start = (properties: string, options: Required<AgentOptions>) => Promise<PeerProcess>

/** Starts an agent, plays every flow to it at the same time, stops it, and looks at what is left. */
async function playAll(
  directory: string,
  free: readonly number[],
  tls: Readonly<Record<string, string>>,
  start: Start,
): Promise<Side> {
  const [monitoringPort = 0, ...ports] = free
  const place = new Place(directory, new Map(portNames.map((name, at) => [name, ports[at] ?? 0])))
  for (const { parts, prepare } of flows) {
    place.makeFoldersOf(parts)
    prepare?.(place)
  }
  const agent = await start(configuration, { environment: { ...place.environment, ...tls }, monitoringPort })
  place.agent = agent
  const played = await Promise.allSettled(flows.map((flow) => flow.play(place)))
  const answer = await fetch(`http://127.0.0.1:${monitoringPort}/metrics`)
  const metrics = (await answer.json()) as Metrics
  expect(answer.headers.get('content-type')?.toLowerCase()).toBe('application/json;charset=utf-8')
  const monitoring = await monitoringAnswers(monitoringPort)
  const exitCode = await agent.stop()
  const observed = new Map<Flow, Observed>()
  for (const [at, flow] of flows.entries()) {
    const result = played[at]
    observed.set(flow, {
      ...(result?.status === 'fulfilled' ? result.value : { error: String(result?.reason) }),
      ...(await flow.left?.(place)),
    })
  }
  return { observed, metrics, monitoring, exitCode }
}

describe.skipIf(absence !== '')(`one .properties file for both${absence}`, () => {
  let peers: Peers
  let flume: Side
  let sluice: Side

  beforeAll(async () => {
    peers = new Peers()
    const each = portNames.length + 1
    const free = await freePorts(2 * each)
    const tls = await tlsEnvironment(peers.folder('keys'))
    ;[flume, sluice] = await Promise.all([
      playAll(peers.folder('flume-place'), free.slice(0, each), tls, (properties, options) =>
        startedFlume(peers, properties, options),
      ),
      playAll(peers.folder('sluice-place'), free.slice(each), tls, (properties, options) =>
        peers.sluice('a', properties, 'serving /metrics', options),
      ),
    ])
  })

  afterAll(() => peers.remove())

  for (const flow of flows)
    it(flow.name, () => {
      const differs = Object.entries(flow.differs ?? {})
      const seen = flume.observed.get(flow) ?? {}
      const expected = { ...seen, ...Object.fromEntries(differs.map(([what, { sluice: said }]) => [what, said])) }
      expect(seen).not.toHaveProperty('error')
      for (const [what, { flume: said }] of differs) expect(seen[what], `${what} of Flume`).toEqual(said)
      expect(sluice.observed.get(flow)).toEqual(expected)
    })

  it('answers on the monitoring port', () => {
    expect(sluice.monitoring).toEqual(flume.monitoring)
  })

  it('ends at SIGTERM', () => {
    expect({ flume: flume.exitCode, sluice: sluice.exitCode }).toEqual({ flume: 143, sluice: 0 })
  })

  it('/metrics: the same components, and Flume’s counters by their names', () => {
    expect(shape(sluice.metrics, flume.metrics)).toEqual(shape(flume.metrics, flume.metrics))
    const further = Object.entries(furtherCounters).map(([kind, names]) => [kind, [...names].sort()] as const)
    expect(furtherThan(flume.metrics, sluice.metrics)).toEqual(Object.fromEntries(further))
  })

  it('/metrics: the same counts where it does not depend on time', () => {
    const kinds = { sources: 'SOURCE', channels: 'CHANNEL', sinks: 'SINK' } as const
    const steady = new Set(
      flows
        .filter(({ unsteady }) => unsteady !== true)
        .flatMap(({ parts }) =>
          (['sources', 'channels', 'sinks'] as const).flatMap((kind) =>
            Object.entries(parts[kind] ?? {})
              // Flume's spooldir may have read its first file before its counters are set to 0.
              .filter(([, { type }]) => type !== 'spooldir')
              .map(([name]) => `${kinds[kind]}.${name}`),
          ),
        ),
    )
    const expected = counts(flume.metrics, steady)
    expect(expected['SOURCE.sq']).toMatchObject({ EventReceivedCount: '0', EventAcceptedCount: '25' })
    expected['SOURCE.sq'] = { ...expected['SOURCE.sq'], EventReceivedCount: '25' }
    expect(counts(sluice.metrics, steady)).toEqual(expected)
  })
})

it('every difference that these flows have is documented, and every one that is documented is held here', () => {
  const held = new Set<string>([
    ...beyondFlows,
    ...flows.flatMap(({ differs = {}, hides = [] }) => [...Object.values(differs).map(({ name }) => name), ...hides]),
  ])
  expect([...held].sort()).toEqual(documentedDifferences().sort())
})
