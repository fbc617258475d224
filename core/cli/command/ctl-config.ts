import type { Command } from 'commander'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { CallResult } from '../../control/contract.ts'
import { errorText, SluiceError } from '../../errors.ts'
import { exitCodes } from './context.ts'
import { type CtlAgent, parseId, type Target } from './ctl-agent.ts'
import { componentText, componentsText, configFilesText, previewText, versionsText } from './ctl-config-text.ts'
import { findingLine } from './finding-line.ts'

type ConfigFile = CallResult<'configShown'>[number]

const filesHelp = `
FILE takes the place of the agent's configuration file; where the agent has several, PATH=FILE says which one.
Exit codes: 0 it can be (or was) applied, 1 it cannot, 2 wrong usage.`

/** `sluice ctl config …` and `sluice ctl components`: what the agent runs on, what another one would do, and the way back. */
export function addConfigCommands(ctl: Command, agent: CtlAgent): void {
  const config = ctl
    .command('config')
    .description('See, check, apply and roll back the configuration of a running agent.')
  agent
    .add(config, 'show', 'the configuration files, secrets masked')
    .option('--secrets', 'with their secrets')
    .action(async (target: Target & { readonly secrets?: boolean }) => {
      const files = await agent.ask(target, target.secrets ? 'configGet' : 'configShown', {})
      agent.print(target, files, configFilesText)
    })
  agent
    .add(config, 'check [files...]', "what is found in these files, or in the agent's own")
    .addHelpText('after', filesHelp)
    .action(async (given: string[], target: Target) => {
      const files = given.length === 0 ? await own(agent, target) : await replacing(agent, target, given)
      const findings = await agent.ask(target, 'configCheck', { files })
      agent.print(
        target,
        findings,
        (all) => all.map((one) => `${findingLine(one, true)}\n`).join('') || 'no findings\n',
      )
      if (findings.some(({ severity }) => severity === 'error')) agent.context.exit(exitCodes.failed)
    })
  agent
    .add(config, 'preview <files...>', 'what applying these files would do, to the queued events too')
    .addHelpText('after', filesHelp)
    .action(async (given: string[], target: Target) => {
      const found = await agent.ask(target, 'configPreview', { files: await replacing(agent, target, given) })
      agent.print(target, found, previewText)
      if (!found.applicable) agent.context.exit(exitCodes.failed)
    })
  agent
    .add(config, 'apply <files...>', 'write these files and apply the difference')
    .addHelpText('after', filesHelp)
    .action(async (given: string[], target: Target) => {
      const files = await replacing(agent, target, given)
      const found = await agent.ask(target, 'configPreview', { files })
      const { applied, findings } = await agent.ask(target, 'configApply', { files, by: by(agent) })
      const end = applied ? 'applied' : 'not applied'
      agent.print(target, { applied, findings, changes: found.changes }, () => `${previewText(found)}${end}\n`)
      if (!applied) agent.context.exit(exitCodes.failed)
    })
  agent
    .add(config, 'versions', 'the configurations applied before, the newest first')
    .action(async (target: Target) => agent.print(target, await agent.ask(target, 'configVersions', {}), versionsText))
  agent
    .add(config, 'version <id>', 'the files of one of them, with their secrets')
    .action(async (id: string, target: Target) => {
      agent.print(target, await agent.ask(target, 'configVersion', { id: versionId(id) }), configFilesText)
    })
  agent
    .add(config, 'rollback <id>', 'apply one of them again, and write its files; what is queued stays queued')
    .action(async (id: string, target: Target) => {
      const answer = await agent.ask(target, 'configRollback', { id: versionId(id), by: by(agent) })
      agent.print(target, answer, ({ applied, findings }) =>
        [
          ...findings.map((one) => findingLine(one, true)),
          applied ? `version ${id} is applied` : 'not applied',
          '',
        ].join('\n'),
      )
      if (!answer.applied) agent.context.exit(exitCodes.failed)
    })
  agent
    .add(ctl, 'components [type]', 'every component type, or the settings of one')
    .action(async (type: string | undefined, target: Target) => {
      const all = await agent.ask(target, 'componentSchemas', {})
      if (type === undefined) {
        agent.print(target, all, componentsText)
        return
      }
      const found = all.filter(
        (one) => one.type === type || one.aliases.includes(type) || `${one.kind}:${one.type}` === type,
      )
      if (found.length === 0)
        throw new SluiceError('SLUICE_USAGE', `there is no component type ${type}: "sluice ctl components" lists them`)
      agent.print(target, found, (some) => some.map(componentText).join('\n'))
    })
}

const versionId = (text: string) => parseId(text, 'ID', 'sluice ctl config versions')

/** Who did it, as it is kept with the version. */
function by({ context: { environment } }: CtlAgent): string {
  const user = environment['SUDO_USER'] ?? environment['USER'] ?? environment['USERNAME']
  return (user === undefined ? 'sluice ctl' : `sluice ctl (${user})`).slice(0, 100)
}

const own = (agent: CtlAgent, target: Target): Promise<ConfigFile[]> => agent.ask(target, 'configGet', {})

/** Reads the given files, each under the path of the agent's file that it is to replace. */
async function replacing(agent: CtlAgent, target: Target, given: readonly string[]): Promise<ConfigFile[]> {
  const paths = (await agent.ask(target, 'configShown', {})).map(({ path }) => path)
  const here = (path: string) => resolve(agent.context.workingDirectory, path)
  return await Promise.all(
    given.map(async (one) => {
      const named = paths.find((path) => one.startsWith(`${path}=`))
      const file = here(named === undefined ? one : one.slice(named.length + 1))
      const path =
        named ?? paths.find((known) => here(known) === file) ?? (given.length === 1 ? only(paths) : undefined)
      if (path === undefined)
        throw new SluiceError(
          'SLUICE_USAGE',
          `${one}: say which file of the agent it replaces: ${paths.map((known) => `${known}=${one}`).join(' or ')}`,
        )
      try {
        return { path, text: await readFile(file, 'utf8') }
      } catch (error) {
        throw new SluiceError('SLUICE_FILE', `${file}: ${errorText(error)}`, { cause: error })
      }
    }),
  )
}

const only = (paths: readonly string[]) => (paths.length === 1 ? paths[0] : undefined)
