import type { AgentSection, ComponentSection } from './agent-section.ts'
import { componentSection, entriesBelow, listedSections } from './agent-section.ts'
import { type CheckContext, checkComponent, type CheckedComponent, settingOf, wordsOf } from './check-component.ts'
import type { Position } from './entry.ts'
import type { AgentConfig, ComponentConfig, SinkConfig, SinkGroupConfig, SourceConfig } from './model.ts'
import { suggestion } from './nearest.ts'
import { checkFolders, checkPorts } from './shared-places.ts'

export interface BuildContext extends CheckContext {
  /** Flume's way: a broken component is dropped with a warning and the rest runs. */
  readonly lenient: boolean
}

interface Checked<Config extends ComponentConfig> extends CheckedComponent {
  readonly config: Config
}

/** Runs `check`; when lenient, what fails is dropped and its errors become warnings. */
async function orDropped<T>(
  label: string,
  context: BuildContext,
  check: (context: BuildContext) => Promise<T | undefined>,
): Promise<T | undefined> {
  const findings = context.findings.part()
  const result = await check({ ...context, findings })
  const dropped = context.lenient && (result === undefined || findings.failed)
  context.findings.take(findings, dropped ? { warnings: `${label} is dropped` } : undefined)
  return findings.failed ? undefined : result
}

const isBatchSize = (key: string) => /(^|\.)batch-?size$/i.test(key)

/**
 * A batch that a channel can never take in or give out in one transaction is an error where somebody wrote it (flume.md §2.4);
 * a default gives way: no file has to know it.
 */
function fitBatchSize<Checked extends CheckedComponent>(
  checked: Checked,
  channels: readonly CheckedComponent[],
  context: BuildContext,
): Checked {
  const batch = settingOf(checked, isBatchSize)
  if (typeof batch?.value !== 'number') return checked
  const entry = checked.section.entries.get(batch.key)
  let fitting = batch.value
  for (const channel of channels) {
    const most = settingOf(channel, (key) => key === 'transactionCapacity')?.value
    if (typeof most !== 'number' || batch.value <= most) continue
    fitting = Math.min(fitting, most)
    if (entry !== undefined)
      context.findings.errorAt(
        entry,
        `${batch.key} ${batch.value} is more than the transactionCapacity ${most} of channel ${channel.config.name}`,
        `give a ${batch.key} of at most ${most}, or set ${channel.section.path}.transactionCapacity to ${batch.value} or more`,
      )
  }
  if (fitting === batch.value) return checked
  const settings = { ...(checked.config.settings as Record<string, unknown>), [batch.key]: fitting }
  return { ...checked, config: { ...checked.config, settings } }
}

/** Names of channels that a selector's settings mention must be channels of its source (flume.md §1.6). */
function checkSelectorChannels(
  section: ComponentSection,
  channels: readonly string[],
  label: string,
  context: BuildContext,
) {
  for (const [key, entry] of section.entries)
    if (/^(default|optional|mapping\..+|optional\..+)$/.test(key))
      for (const name of wordsOf(entry))
        if (!channels.includes(name))
          context.findings.errorAt(entry, `${label} has no channel ${name}`, suggestion(name, channels, 'its channels'))
}

async function buildSelector(
  section: ComponentSection,
  channels: readonly string[],
  context: BuildContext,
): Promise<ComponentConfig | undefined> {
  const entries = entriesBelow(section.entries, 'selector')
  const label = `selector of ${section.label}`
  const part = componentSection(label, `${section.path}.selector`, 'selector', entries, section.at)
  const checked = await checkComponent('selector', part, context, { defaultType: 'replicating' })
  if (checked !== undefined && ['replicating', 'multiplexing'].includes(checked.config.type))
    checkSelectorChannels(part, channels, section.label, context)
  return checked?.config
}

async function buildInterceptors(section: ComponentSection, context: BuildContext): Promise<ComponentConfig[]> {
  const list = section.entries.get('interceptors')
  const below = entriesBelow(section.entries, 'interceptors')
  const sections = listedSections(list, `${section.path}.interceptors`, below, 'interceptor', context.findings)
  const interceptors: ComponentConfig[] = []
  for (const one of sections) {
    const checked = await checkComponent('interceptor', { ...one, label: `${one.label} of ${section.label}` }, context)
    if (checked !== undefined) interceptors.push(checked.config)
  }
  return interceptors
}

const ownOfSource = (key: string) => /^(channels|selector\..+|interceptors(\..+)?)$/.test(key)

async function buildSource(
  section: ComponentSection,
  channels: readonly CheckedComponent[],
  known: readonly string[],
  context: BuildContext,
): Promise<Checked<SourceConfig> | undefined> {
  const entry = section.entries.get('channels')
  const { findings } = context
  const names: string[] = []
  if (entry === undefined) {
    const written = section.entries.get('channel')
    findings.error(
      written?.keyAt ?? section.at,
      `${section.path}.channels`,
      `${section.label} has no channels`,
      written === undefined ? `known channels: ${known.join(', ')}` : 'a source has channels, not channel',
    )
  } else
    for (const name of wordsOf(entry))
      if (channels.some(({ config }) => config.name === name)) names.push(name)
      else if (context.lenient)
        findings.warningAt(entry, `${section.label} goes on without channel ${name}, which is not there`)
      else if (known.includes(name))
        continue // Its own findings say what is wrong with that channel.
      else findings.errorAt(entry, `there is no channel ${name}`, suggestion(name, known, 'known channels'))
  if (context.lenient && entry !== undefined && names.length === 0)
    findings.errorAt(entry, `${section.label} has no channel left`, suggestion('', known, 'known channels'))
  const checked = await checkComponent('source', section, context, {
    own: (key) => ownOfSource(key) || isMistakenChannel(key, entry),
  })
  const interceptors = await buildInterceptors(section, context)
  // A channel that is there but broken has its own findings.
  const selectable = context.lenient ? names : wordsOf(entry).filter((name) => known.includes(name))
  const selector = await buildSelector(section, selectable, context)
  if (checked === undefined || selector === undefined) return undefined
  const itsChannels = channels.filter(({ config }) => names.includes(config.name))
  const fitting = fitBatchSize(checked, itsChannels, context)
  return { ...fitting, config: { ...fitting.config, channels: names, interceptors, selector } }
}

const isMistakenChannel = (key: string, entry: unknown) => key === 'channel' && entry === undefined

async function buildSink(
  section: ComponentSection,
  channels: readonly CheckedComponent[],
  known: readonly string[],
  context: BuildContext,
): Promise<Checked<SinkConfig> | undefined> {
  const { findings } = context
  const mistaken = section.entries.get('channels')
  const entry = section.entries.get('channel')
  const names = wordsOf(entry ?? mistaken)
  const [name] = names
  if (entry === undefined)
    findings.error(
      mistaken?.keyAt ?? section.at,
      `${section.path}.channel`,
      `${section.label} has no channel`,
      mistaken === undefined ? `known channels: ${known.join(', ')}` : 'a sink has one channel, not channels',
    )
  else if (names.length > 1)
    findings.errorAt(
      entry,
      `${section.label} has ${names.length} channels: ${names.join(', ')}`,
      'a sink takes from one channel; make a sink for each',
    )
  const channel = channels.find(({ config }) => config.name === name)
  if (
    entry !== undefined &&
    names.length === 1 &&
    channel === undefined &&
    (context.lenient || !known.includes(name ?? ''))
  )
    findings.errorAt(entry, `there is no channel ${name ?? ''}`, suggestion(name ?? '', known, 'known channels'))
  const own = (key: string) => key === 'channel' || (key === 'channels' && entry === undefined)
  const checked = await checkComponent('sink', section, context, { own })
  if (checked === undefined || channel === undefined) return undefined
  const fitting = fitBatchSize(checked, [channel], context)
  return { ...fitting, config: { ...fitting.config, channel: channel.config.name } }
}

/** How many sinks a processor needs (flume.md §1.7): known of Flume's own only. */
const sinkCounts: Readonly<Record<string, readonly [least: number, most: number]>> = {
  default: [1, 1],
  load_balance: [2, Infinity],
}

async function buildSinkGroup(
  section: ComponentSection,
  sinks: readonly string[],
  known: readonly string[],
  taken: Map<string, string>,
  context: BuildContext,
): Promise<SinkGroupConfig | undefined> {
  const { findings } = context
  const entry = section.entries.get('sinks')
  const names: string[] = []
  if (entry === undefined)
    findings.error(
      section.at,
      `${section.path}.sinks`,
      `${section.label} has no sinks`,
      `known sinks: ${known.join(', ')}`,
    )
  for (const name of wordsOf(entry)) {
    if (entry === undefined) break
    const other = taken.get(name)
    const report = context.lenient ? findings.warningAt.bind(findings) : findings.errorAt.bind(findings)
    if (other !== undefined)
      report(entry, `sink ${name} is in sink group ${other} already`, 'a sink can be in one group only')
    else if (sinks.includes(name)) {
      taken.set(name, section.name)
      names.push(name)
    } else if (context.lenient || !known.includes(name))
      report(entry, `there is no sink ${name}`, suggestion(name, known, 'known sinks'))
  }
  if (context.lenient && entry !== undefined && names.length === 0)
    findings.errorAt(entry, `${section.label} has no sink left`)
  const below = entriesBelow(section.entries, 'processor')
  for (const [key, { keyAt, key: whole }] of section.entries)
    if (key !== 'sinks' && !key.startsWith('processor.'))
      findings.warning(
        keyAt,
        whole,
        `${key} is no key of a sink group: it is not used`,
        suggestion(key, ['sinks', 'processor.type'], 'known'),
      )
  const part = componentSection(
    `processor of ${section.label}`,
    `${section.path}.processor`,
    'processor',
    below,
    section.at,
  )
  const checked = await checkComponent('processor', part, context)
  if (checked === undefined) return undefined
  const [least, most] = sinkCounts[checked.config.type] ?? [1, Infinity]
  const count = wordsOf(entry).length
  if (entry !== undefined && (count < least || count > most))
    findings.errorAt(
      entry,
      `a ${checked.config.type} processor cannot have ${count} ${count === 1 ? 'sink' : 'sinks'}`,
      least === most ? 'give it one sink, or take failover or load_balance' : `give it at least ${least} sinks`,
    )
  for (const [key, one] of below) {
    const [, sink] = /^priority\.(.+)$/.exec(key) ?? []
    if (sink !== undefined && !wordsOf(entry).includes(sink))
      findings.warning(
        one.keyAt,
        one.key,
        `sink ${sink} is not in this group`,
        suggestion(sink, wordsOf(entry), 'its sinks'),
      )
  }
  return { name: section.name, sinks: names, processor: checked.config }
}

/** Channels that nothing fills or nothing empties run, but hardly as was meant. */
function checkUse(
  channels: readonly CheckedComponent[],
  sources: readonly SourceConfig[],
  sinks: readonly SinkConfig[],
  context: BuildContext,
) {
  for (const { config, section } of channels) {
    const filled = sources.some((source) => source.channels.includes(config.name))
    const emptied = sinks.some((sink) => sink.channel === config.name)
    if (filled && !emptied)
      context.findings.warning(
        section.at,
        section.path,
        `no sink takes from ${section.label}: it will fill up`,
        `set AGENT.sinks.NAME.channel = ${config.name}`,
      )
    else if (!filled && !emptied)
      context.findings.warning(
        section.at,
        section.path,
        `no source and no sink uses ${section.label}`,
        'use it or remove it',
      )
  }
}

/** Checks every component and its references, and puts the agent together. */
export async function buildAgent(
  agent: string,
  sections: AgentSection,
  whole: Position,
  context: BuildContext,
): Promise<AgentConfig | undefined> {
  const channels: CheckedComponent[] = []
  const checkedSources: CheckedComponent[] = []
  const sources: SourceConfig[] = []
  const sinks: SinkConfig[] = []
  const sinkGroups: SinkGroupConfig[] = []
  const names = (list: readonly ComponentSection[]) => list.map((section) => section.name)

  for (const section of sections.channels) {
    const checked = await orDropped(section.label, context, (inner) => checkComponent('channel', section, inner))
    if (checked !== undefined) channels.push(checked)
  }
  const knownChannels = names(sections.channels)
  for (const section of sections.sources) {
    const built = await orDropped(section.label, context, (inner) =>
      buildSource(section, channels, knownChannels, inner),
    )
    if (built === undefined) continue
    checkedSources.push(built)
    sources.push(built.config)
  }
  for (const section of sections.sinks) {
    const built = await orDropped(section.label, context, (inner) => buildSink(section, channels, knownChannels, inner))
    if (built !== undefined) sinks.push(built.config)
  }
  checkFolders(channels, context)
  checkPorts(checkedSources, context)
  const taken = new Map<string, string>()
  const lost = new Set<string>()
  for (const section of sections.sinkgroups) {
    const known = names(sections.sinks)
    const present = sinks.map((sink) => sink.name)
    const group = await orDropped(section.label, context, (inner) =>
      buildSinkGroup(section, present, known, taken, inner),
    )
    if (group !== undefined) sinkGroups.push(group)
    // Flume loses the sinks of a group that it cannot make; lenient is Flume's way (flume.md §2.2).
    else for (const [sink, name] of taken) if (name === section.name) lost.add(sink)
  }
  const kept = sinks.filter((sink) => !lost.has(sink.name))
  if (channels.length === 0 && !context.findings.failed)
    context.findings.error(whole, `${agent}.channels`, `agent ${agent} has no channel`, `set ${agent}.channels = NAME`)
  if (sources.length === 0 && kept.length === 0 && !context.findings.failed)
    context.findings.error(
      whole,
      agent,
      `agent ${agent} has neither a source nor a sink`,
      `set ${agent}.sources and ${agent}.sinks`,
    )
  if (context.findings.failed) return undefined
  checkUse(channels, sources, kept, context)
  return { agent, sources, channels: channels.map(({ config }) => config), sinks: kept, sinkGroups }
}
