import { channelFolder } from '../channel/file/channel-folder.ts'
import type { AgentConfig, ComponentConfig } from '../config/model.ts'
import { isSecretKey, maskText } from '../config/secret-mask.ts'
import { openStats } from './agent-status.ts'
import { type ConfigChange, configChange, isEmptyChange } from './config-change.ts'
import type { PartGraph } from './part-graph.ts'

export interface SettingChange {
  readonly key: string
  /** Null: not there. */
  readonly before: string | null
  readonly after: string | null
}

export interface PartPreview {
  readonly kind: 'source' | 'channel' | 'sink' | 'sink group'
  readonly name: string
  readonly type: string
  readonly change: 'added' | 'removed' | 'restarted' | 'in place'
  readonly why: string
  readonly settings: readonly SettingChange[]
  readonly events: string
  readonly refused: boolean
}

export interface ChangePreview {
  readonly applicable: boolean
  readonly summary: string
  readonly changes: readonly PartPreview[]
}

export interface PreviewContext {
  readonly present: PartGraph
  readonly dataDirectory: string
  readonly baseDirectory: string
  /** Takes secrets out of a value. */
  readonly mask: (text: string) => string
}

/** What applying `after` would do to a running `before`, part by part, and what it means for the events that wait. */
export function previewChange(before: AgentConfig, after: AgentConfig, context: PreviewContext): ChangePreview {
  const change = configChange(before, after)
  const changes = isEmptyChange(change) ? [] : new ChangePreviewer(before, after, change, context).all()
  const refused = changes.filter((one) => one.refused)
  return { applicable: refused.length === 0, summary: summaryOf(changes, refused), changes }
}

class ChangePreviewer {
  readonly #before: AgentConfig
  readonly #after: AgentConfig
  readonly #change: ConfigChange
  readonly #context: PreviewContext

  constructor(before: AgentConfig, after: AgentConfig, change: ConfigChange, context: PreviewContext) {
    this.#before = before
    this.#after = after
    this.#change = change
    this.#context = context
  }

  all(): PartPreview[] {
    const limits = this.#change.newLimits.map(({ name }) => name)
    return [
      ...this.#parts('channel', this.#before.channels, this.#after.channels, limits),
      ...this.#parts('source', this.#before.sources, this.#after.sources),
      ...this.#parts('sink', this.#before.sinks, this.#after.sinks),
      ...this.#groups(),
    ]
  }

  #parts(
    kind: 'source' | 'channel' | 'sink',
    olds: readonly ComponentConfig[],
    news: readonly ComponentConfig[],
    inPlace: readonly string[] = [],
  ): PartPreview[] {
    const { stop, make } = this.#change[`${kind}s`]
    const names = new Set([...olds, ...news].map(({ name }) => name))
    return [...names].flatMap((name): PartPreview[] => {
      const old = olds.find((one) => one.name === name)
      const fresh = news.find((one) => one.name === name)
      const type = fresh?.type ?? old?.type ?? ''
      const settings = this.#settings(old, fresh)
      const part = { kind, name, type, settings }
      if (inPlace.includes(name)) {
        const why = `${keysOf(settings)} changed`
        return [{ ...part, change: 'in place', why, events: this.#limited(name, fresh), refused: false }]
      }
      if (fresh === undefined && stop.has(name))
        return [{ ...part, change: 'removed', why: 'it is not in the configuration', ...this.#gone(kind, name, old) }]
      if (old === undefined) {
        const why = 'it is new in the configuration'
        return [{ ...part, change: 'added', why, events: this.#added(kind, name, fresh), refused: false }]
      }
      if (!make.has(name)) return []
      const why = this.#why(old, fresh, settings)
      return [{ ...part, change: 'restarted', why, ...this.#restarted(kind, name, old, fresh) }]
    })
  }

  #groups(): PartPreview[] {
    const { stop, make } = this.#change.runners
    const olds = this.#before.sinkGroups
    const news = this.#after.sinkGroups
    return [...new Set([...olds, ...news].map(({ name }) => name))].flatMap((name): PartPreview[] => {
      const old = olds.find((one) => one.name === name)
      const fresh = news.find((one) => one.name === name)
      if (!stop.has(name) && !make.has(name)) return []
      const change = old === undefined ? 'added' : fresh === undefined ? 'removed' : 'restarted'
      const settings = this.#settings(old?.processor, fresh?.processor)
      const sinks = fresh?.sinks.join(' ') ?? ''
      const why =
        change !== 'restarted'
          ? `it is ${change === 'added' ? 'new' : 'not'} in the configuration`
          : settings.length > 0
            ? `${keysOf(settings)} changed`
            : `its sinks change (${sinks})`
      const type = fresh?.processor.type ?? old?.processor.type ?? ''
      return [{ kind: 'sink group', name, type, change, why, settings, events: '', refused: false }]
    })
  }

  #why(old: ComponentConfig, fresh: ComponentConfig | undefined, settings: readonly SettingChange[]): string {
    if (fresh !== undefined && fresh.type !== old.type) return `${old.type} becomes ${fresh.type}`
    if (settings.length > 0) return `${keysOf(settings)} changed`
    const channels = [...this.#change.channels.make].filter((name) => linkedTo(fresh).includes(name))
    return channels.length > 0 ? `its channel ${channels.join(', ')} is restarted` : 'it is connected otherwise'
  }

  /** Events of a channel that runs. */
  #waiting(channel: string): number {
    const part = this.#context.present.channels.get(channel)
    return part === undefined ? 0 : (openStats(part)?.events ?? 0)
  }

  #durable(channel: string): boolean {
    return this.#context.present.channels.get(channel)?.channel.durable === true
  }

  #folder(channel: ComponentConfig): string | undefined {
    if (channel.type !== 'file') return undefined
    return channelFolder(channel.raw['dataDirs'], { ...this.#context, name: channel.name })
  }

  #gone(kind: PartPreview['kind'], name: string, old: ComponentConfig | undefined) {
    if (kind === 'channel') return this.#channelEnds(name, old, undefined)
    if (kind === 'source') return { events: 'nothing comes in through it any more', refused: false }
    const channel = this.#before.sinks.find((one) => one.name === name)?.channel ?? ''
    return { events: this.#withoutSink(channel), refused: false }
  }

  #restarted(kind: PartPreview['kind'], name: string, old: ComponentConfig, fresh: ComponentConfig | undefined) {
    if (kind === 'channel') return this.#channelEnds(name, old, fresh)
    if (kind === 'source') {
      const events = 'it stops and starts: files are read on from where it stood, peers connect again'
      return { events, refused: false }
    }
    const channel = this.#before.sinks.find((one) => one.name === name)?.channel ?? ''
    const moved = this.#after.sinks.find((one) => one.name === name)?.channel !== channel
    const left = moved ? this.#withoutSink(channel) : ''
    return { events: left || `what is not delivered when it stops stays in ${channel}`, refused: false }
  }

  #channelEnds(name: string, old: ComponentConfig | undefined, fresh: ComponentConfig | undefined) {
    const waiting = this.#waiting(name)
    const events = counted(waiting)
    if (!this.#durable(name))
      return waiting > 0
        ? { events: `${events} in memory would be lost: drain ${name} first`, refused: true }
        : { events: 'nothing waits in it', refused: false }
    const folder = old && this.#folder(old)
    const where = folder === undefined ? 'where they are' : `on disk in ${folder}`
    const stays = fresh !== undefined && fresh.type === old?.type && this.#folder(fresh) === folder
    if (stays)
      return {
        events: waiting === 0 ? 'nothing waits in it' : `${events} stay queued and go on when it has started`,
        refused: false,
      }
    if (waiting === 0)
      return { events: `nothing waits in it; its folder stays${folder ? `: ${folder}` : ''}`, refused: false }
    const until = `are not delivered until a channel with this folder is in the configuration again`
    return { events: `${events} stay ${where} and ${until}`, refused: false }
  }

  #limited(name: string, fresh: ComponentConfig | undefined): string {
    const waiting = this.#waiting(name)
    const capacity = Number(fresh?.raw['capacity'] ?? NaN)
    if (waiting > capacity)
      return `${counted(waiting)} wait, more than the new capacity: all stay, and nothing is let in until below it`
    return waiting === 0 ? 'nothing waits in it' : `${counted(waiting)} stay queued; nothing stops`
  }

  #added(kind: PartPreview['kind'], name: string, fresh: ComponentConfig | undefined): string {
    if (kind !== 'channel' || fresh === undefined) return ''
    const folder = this.#folder(fresh)
    return folder === undefined ? '' : `it keeps its events in ${folder}; what lies there already is delivered, too`
  }

  #withoutSink(channel: string): string {
    const served = this.#after.sinks.some((one) => one.channel === channel)
    const stays = this.#after.channels.some((one) => one.name === channel)
    if (!stays) return ''
    if (served) return `what it has not delivered stays in ${channel}, for its other sinks`
    return `${counted(this.#waiting(channel))} in ${channel} wait from then on: no sink takes from it any more`
  }

  #settings(old: ComponentConfig | undefined, fresh: ComponentConfig | undefined): SettingChange[] {
    const keys = [...new Set([...Object.keys(old?.raw ?? {}), ...Object.keys(fresh?.raw ?? {})])]
    const shown = (key: string, value: string | undefined) => {
      if (value === undefined) return null
      return isSecretKey(key) ? maskText : this.#context.mask(value)
    }
    return keys
      .filter((key) => old?.raw[key] !== fresh?.raw[key])
      .map((key) => ({ key, before: shown(key, old?.raw[key]), after: shown(key, fresh?.raw[key]) }))
  }
}

function linkedTo(part: ComponentConfig | undefined): readonly string[] {
  const { channels, channel } = (part ?? {}) as { channels?: readonly string[]; channel?: string }
  return channels ?? (channel === undefined ? [] : [channel])
}

const keysOf = (settings: readonly SettingChange[]) => settings.map(({ key }) => key).join(', ')

const counted = (events: number) => (events === 1 ? '1 event' : `${events.toLocaleString('en-US')} events`)

function summaryOf(changes: readonly PartPreview[], refused: readonly PartPreview[]): string {
  if (changes.length === 0) return 'nothing changes'
  const [first] = refused
  if (first !== undefined) return `it would be refused: ${first.events}`
  const kinds = (['added', 'removed', 'restarted', 'in place'] as const).flatMap((change) => {
    const names = changes.filter((one) => one.change === change).map(({ name }) => name)
    const verb = change === 'in place' ? 'changed while running' : change
    return names.length === 0 ? [] : [`${names.join(', ')} ${verb}`]
  })
  return kinds.join('; ')
}
