import { resolve } from 'node:path'
import type { z } from 'zod'
import type { Agent } from '../agent/agent.ts'
import { componentForm } from '../component/component-forms.ts'
import { componentKinds } from '../component/definition.ts'
import type { ConfigVersion, FileText, VersionOrigin } from '../config/config-versions.ts'
import { Findings } from '../config/findings.ts'
import type { AgentConfig, ConfigResult, Finding } from '../config/model.ts'
import { isYamlFile, readFiles } from '../config/read-files.ts'
import { maskedLines } from '../config/secret-mask.ts'
import { unifiedDiff } from '../config/unified-diff.ts'
import { SluiceError } from '../errors.ts'
import type { configCalls } from './config-calls.ts'

/** The configuration files of an agent, where it has any: whoever runs the agent knows them. */
export interface ConfigAccess {
  /** The files as they are on the disk. */
  get(): Promise<FileText[]>
  /**
   * What the agent's files would be with these texts in place of theirs; runs no program that the files on the disk do
   * not run. Rejects for a file that is none of them.
   */
  load(files: readonly FileText[]): Promise<ConfigResult>
  apply(
    files: readonly FileText[],
    how: VersionOrigin,
    by: string,
  ): Promise<{ applied: boolean; findings: readonly Finding[] }>
  versions(): Promise<ConfigVersion[]>
  version(id: number): Promise<FileText[]>
}

type Params<Name extends keyof typeof configCalls> = z.output<(typeof configCalls)[Name]['params']>

/** Answers what is asked about the configuration. */
export function configHandlers(agent: Agent, config: ConfigAccess | undefined) {
  const access = () => {
    if (config === undefined)
      throw new SluiceError('SLUICE_CONTROL', 'this agent was not started from a configuration file')
    return config
  }
  return {
    configGet: () => access().get(),
    configShown: () => shown(access()),
    configCheck: async ({ files }: Params<'configCheck'>) => (await access().load(files)).findings,
    configPreview: ({ files }: Params<'configPreview'>) => preview(agent, access(), files),
    configApply: ({ files, by }: Params<'configApply'>) => access().apply(files, 'applied', by),
    configVersions: () => access().versions(),
    configVersion: ({ id }: Params<'configVersion'>) => access().version(id),
    configRollback: async ({ id, by }: Params<'configRollback'>) =>
      access().apply(await access().version(id), 'rolled back', by),
    componentSchemas: () => forms(agent),
  }
}

async function shown(access: ConfigAccess): Promise<FileText[]> {
  const { masked } = await access.load([])
  return (await access.get()).map(({ path, text }) => ({
    path,
    text: maskedLines(text.split('\n').map(masked), isYamlFile(path)).join('\n'),
  }))
}

async function preview(agent: Agent, access: ConfigAccess, files: readonly FileText[]) {
  const present = await access.get()
  const [before, after] = [await access.load([]), await access.load(files)]
  // Secrets of the old texts must not show either.
  const mask = (text: string) => after.masked(before.masked(text))
  const diffs = files.flatMap(({ path, text }) => {
    const old = present.find((one) => one.path === resolve(path))?.text ?? ''
    const diff = unifiedDiff(path, old, text, (lines) => maskedLines(lines.map(mask), isYamlFile(path)))
    return diff.text === '' ? [] : [{ path, ...diff }]
  })
  const { findings, config } = after
  if (config === undefined) {
    const errors = findings.filter(({ severity }) => severity === 'error').length
    const summary = errors === 1 ? 'it has an error' : `it has ${errors} errors`
    return { findings, applicable: false, summary, changes: [], diffs }
  }
  const machine = await machineFindings(agent, config, files, mask)
  return { findings: [...findings, ...machine], ...agent.preview(config, mask), diffs }
}

/** At the lines of the keys that they are about; those of a key that comes from elsewhere have no line. */
async function machineFindings(
  agent: Agent,
  config: AgentConfig,
  files: readonly FileText[],
  mask: (text: string) => string,
): Promise<Finding[]> {
  const problems = await agent.machineProblems(config)
  if (problems.length === 0) return []
  const entries = await readFiles(files, '', new Findings())
  return problems.map(({ key, message, hint }) => {
    const place = entries.get(key)?.valueAt ?? { file: files[0]?.path ?? '', line: 0, column: 0 }
    return { severity: 'warning', ...place, key, message: mask(message), hint }
  })
}

/** Every type that is built in, and those of the user's own that this agent uses. */
function forms({ registry, config }: Agent) {
  const definitions = new Set(componentKinds.flatMap((kind) => registry.list(kind)))
  const own = [
    ...config.sources.map(({ type }) => registry.find('source', type)),
    ...config.sources.flatMap((one) => one.interceptors.map(({ type }) => registry.find('interceptor', type))),
    ...config.channels.map(({ type }) => registry.find('channel', type)),
    ...config.sinks.map(({ type }) => registry.find('sink', type)),
  ]
  for (const one of own) if (one !== undefined) definitions.add(one)
  return [...definitions].map((definition) => componentForm(definition, registry))
}
