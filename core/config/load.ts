import type { ComponentRegistry } from '../component/registry.ts'
import { errorText } from '../errors.ts'
import { type AgentSection, agentSection, type ComponentSection, sectionNames } from './agent-section.ts'
import { buildAgent } from './build-agent.ts'
import {
  type ConfigFilter,
  configFilterType,
  configFilterTypes,
  environmentFilter,
  externalFilter,
} from './config-filter.ts'
import type { ConfigEntry, Position } from './entry.ts'
import { Findings } from './findings.ts'
import type { ConfigResult } from './model.ts'
import { suggestion } from './nearest.ts'
import { type ConfigFile, readFiles } from './read-files.ts'
import { Substitution } from './substitution.ts'

export interface LoadOptions {
  /** `-f`, in their order: the later file wins. `.yaml` and `.yml` are YAML, everything else is `.properties`. */
  readonly files: readonly ConfigFile[]
  /** `-n` */
  readonly agent: string
  readonly registry: ComponentRegistry
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** What `-D` set, for `${sys:…}` and as Java's system properties for TLS. */
  readonly properties?: Readonly<Record<string, string | undefined>>
  /** What relative paths start from. */
  readonly baseDirectory: string
  /**
   * Whether a config filter may run this program. A text that is still being written must not run what it names; where
   * the answer is no, the values of that filter are not known. Everything may by default.
   */
  readonly mayRun?: (command: string) => boolean
  /** Flume's way: a broken component is dropped with a warning and the rest runs. */
  readonly lenient?: boolean
}

/** Stands for what a config filter would say. */
const unknownValue = '***'

function makeFilter(section: ComponentSection, options: LoadOptions, findings: Findings): ConfigFilter | undefined {
  const type = section.entries.get('type')
  if (type === undefined) {
    findings.error(
      section.at,
      `${section.path}.type`,
      `${section.label} has no type`,
      `known types: ${configFilterTypes.join(', ')}`,
    )
    return undefined
  }
  if (configFilterType(type.value) === 'env') return environmentFilter(options.environment ?? {})
  if (configFilterType(type.value) === undefined) {
    findings.errorAt(
      type,
      `there is no config filter type ${type.value}`,
      suggestion(type.value, configFilterTypes, 'known types'),
    )
    return undefined
  }
  const command = section.entries.get('command')
  if (command === undefined || command.value === '') {
    findings.error(
      section.at,
      `${section.path}.command`,
      `command is missing: ${section.label} needs it`,
      'give the program that prints a secret',
    )
    return undefined
  }
  if (options.mayRun?.(command.value) === false) {
    const hint = 'it is run when the configuration is applied'
    findings.warningAt(command, 'is not run as long as the configuration is only looked at', hint)
    return () => Promise.resolve(unknownValue)
  }
  const charset = section.entries.get('charset')
  try {
    return externalFilter(command.value, charset?.value ?? 'utf-8', options.baseDirectory)
  } catch (error) {
    findings.errorAt(charset ?? command, errorText(error), 'give a charset such as utf-8')
    return undefined
  }
}

async function substituted(
  entries: ReadonlyMap<string, ConfigEntry>,
  filters: ReadonlyMap<string, ConfigFilter>,
  options: LoadOptions,
  findings: Findings,
  wanted: (key: string) => boolean,
): Promise<Map<string, ConfigEntry>> {
  const sources = { entries, filters, environment: options.environment ?? {}, properties: options.properties ?? {} }
  const substitution = new Substitution(sources, findings, options.lenient === true)
  const result = new Map<string, ConfigEntry>()
  for (const [key, entry] of entries) result.set(key, wanted(key) ? await substitution.entry(entry) : entry)
  return result
}

async function load(options: LoadOptions, whole: Position, findings: Findings): Promise<ConfigResult['config']> {
  const { agent, baseDirectory, registry } = options
  const read = await readFiles(options.files, baseDirectory, findings)
  if (findings.failed) return undefined
  const isFilters = (key: string) => key.startsWith(`${agent}.configfilters`)
  const first = await substituted(read, new Map(), options, findings, isFilters)
  const filters = new Map<string, ConfigFilter>()
  // Only to find the filters: what else is wrong with the sections is found after substitution.
  const early: AgentSection | undefined = agentSection(first, agent, whole, findings.part())
  for (const section of early?.configfilters ?? []) {
    const filter = makeFilter(section, options, findings)
    if (filter !== undefined) filters.set(section.name, filter)
  }
  const isOurs = (key: string) => sectionNames.some((name) => key.startsWith(`${agent}.${name}`)) && !isFilters(key)
  const entries = await substituted(first, filters, options, findings, isOurs)
  const lenient = options.lenient === true
  const part = findings.part()
  const sections = agentSection(entries, agent, whole, part)
  findings.take(part, lenient && sections !== undefined ? { warnings: 'it is dropped' } : undefined)
  if (sections === undefined) return undefined
  const globalTls = { environment: options.environment ?? {}, properties: options.properties ?? {} }
  return buildAgent(agent, sections, whole, { registry, baseDirectory, findings, lenient, globalTls })
}

/**
 * Reads, merges, substitutes and checks a configuration. It never throws for what a file says: everything that is wrong
 * is a finding with its line, and `config` is undefined when one of them is an error.
 */
export async function loadConfig(options: LoadOptions): Promise<ConfigResult> {
  const findings = new Findings()
  const files = options.files.map((file) => file.path)
  const whole: Position = { file: files[0] ?? '', line: 0, column: 0 }
  if (files.length === 0) findings.error(whole, '', 'no configuration file was given', 'give -f FILE')
  const config = await load(options, whole, findings)
  return { config, findings: findings.list(files), masked: (text) => findings.masked(text) }
}
