import type { AgentConfig } from '../config/model.ts'
import { SluiceError } from '../errors.ts'
import type { ChannelPart } from './channel-part.ts'
import type { SinkPart } from './sink-part.ts'
import type { SinkRunner } from './sink-runner.ts'
import type { SourcePart } from './source-part.ts'

export const flowKinds = ['source', 'channel', 'sink'] as const
export type FlowKind = (typeof flowKinds)[number]

/** A part by kind and name; text form `source:r1`. */
export interface PartName {
  readonly kind: FlowKind
  readonly name: string
}

export const partKey = ({ kind, name }: PartName) => `${kind}:${name}`

/** The running parts of an agent by name. Runners have the name of their sink group, or of their only sink. */
export class PartGraph {
  readonly channels = new Map<string, ChannelPart>()
  readonly sources = new Map<string, SourcePart>()
  readonly sinks = new Map<string, SinkPart>()
  readonly runners = new Map<string, SinkRunner>()

  /** The part that an operator means by `r1` or, where several kinds share a name, `source:r1`. */
  find(text: string): PartName {
    const [, kindText, rest] = /^(source|channel|sink):(.+)$/.exec(text) ?? []
    const name = rest ?? text
    const matches = flowKinds.filter(
      (kind) => (kindText === undefined || kind === kindText) && this.#of(kind).has(name),
    )
    const [kind] = matches
    if (kind === undefined) {
      const names = flowKinds.flatMap((one) => [...this.#of(one).keys()].map((part) => `${one}:${part}`))
      throw new SluiceError('SLUICE_CONTROL', `there is no ${text} in this agent: give one of ${names.join(', ')}`)
    }
    if (matches.length > 1)
      throw new SluiceError(
        'SLUICE_CONTROL',
        `${text} is the name of several parts: give ${matches.map((one) => `${one}:${name}`).join(' or ')}`,
      )
    return { kind, name }
  }

  /** As `find`, of one kind only. */
  findChannel(text: string): ChannelPart {
    const { kind, name } = this.find(text.startsWith('channel:') ? text : `channel:${text}`)
    const part = kind === 'channel' ? this.channels.get(name) : undefined
    if (part === undefined) throw new SluiceError('SLUICE_CONTROL', `there is no channel ${text}`)
    return part
  }

  sourcesOf(channel: string): SourcePart[] {
    return [...this.sources.values()].filter((source) => source.channelNames.includes(channel))
  }

  /** The runner that serves a sink. */
  runnerOf(sink: string, config: AgentConfig): SinkRunner | undefined {
    const group = config.sinkGroups.find(({ sinks }) => sinks.includes(sink))
    return this.runners.get(group?.name ?? sink)
  }

  #of(kind: FlowKind): ReadonlyMap<string, unknown> {
    return kind === 'source' ? this.sources : kind === 'channel' ? this.channels : this.sinks
  }
}
