import type { Command } from 'commander'
import { fileOrders } from '../../control/source-calls.ts'
import { SluiceError } from '../../errors.ts'
import { parseAddress } from './address.ts'
import { exitCodes } from './context.ts'
import { type CtlAgent, parseCount, type Target } from './ctl-agent.ts'
import { filesText } from './ctl-text.ts'

const fileChoices = ['all', 'behind', 'noted', 'skipped'] as const

interface FilesOptions extends Target {
  readonly filter: string
  readonly only: string
  readonly order: string
  readonly offset: string
  readonly limit: string
}

interface ConnectionOptions extends Target {
  readonly like?: string
  readonly tls?: boolean
  readonly setting: readonly string[]
  readonly seconds: string
}

/** `sluice ctl files | test-folder | test-connection`: what a source reads, and whether it could. */
export function addSourceCommands(ctl: Command, agent: CtlAgent): void {
  agent
    .add(ctl, 'files <source>', 'the files that a source watches: size, position, lag and what was skipped')
    .option('--filter <TEXT>', 'with this in the path', '')
    .option('--only <WHICH>', `one of ${fileChoices.join(', ')}`, 'all')
    .option('--order <ORDER>', `one of ${fileOrders.join(', ')}`, 'lag')
    .option('--offset <N>', 'leave out so many', '0')
    .option('--limit <N>', 'at most so many', '100')
    .action(async (source: string, target: FilesOptions) => {
      const params = {
        ...{ source: source.replace(/^source:/, ''), filter: target.filter },
        only: oneOf(target.only, fileChoices, '--only'),
        order: oneOf(target.order, fileOrders, '--order'),
        offset: target.offset === '0' ? 0 : parseCount(target.offset, '--offset'),
        limit: parseCount(target.limit, '--limit'),
      }
      agent.print(target, await agent.ask(target, 'sourceFiles', params), filesText)
    })
  agent
    .add(ctl, 'test-folder <path>', "whether the agent's user can watch a folder, and what lies in it")
    .option('--pattern <RE>', "a regular expression that a file's whole name matches")
    .action(async (path: string, target: Target & { readonly pattern?: string }) => {
      verdict(agent, target, await agent.ask(target, 'testFolder', { path, pattern: target.pattern }))
    })
  agent
    .add(
      ctl,
      'test-connection <address>',
      'whether an Avro source answers at HOST:PORT, seen from the agent; sends no event',
    )
    .option('--like <SINK>', "with the TLS and compression settings of this sink of the agent's")
    .option('--tls', "with TLS, and the system's authorities")
    .option('--setting <KEY=VALUE>', 'a TLS setting as an Avro sink has it, such as truststore=ca.pem', collect, [])
    .option('--seconds <N>', 'give up after so many', '5')
    .action(async (address: string, target: ConnectionOptions) => {
      const { host, port } = parseAddress(address, 'ADDRESS')
      const tls =
        target.setting.length > 0 ? { ssl: 'true', ...Object.fromEntries(target.setting.map(setting)) } : target.tls
      const within = parseCount(target.seconds, '--seconds') * 1000
      verdict(
        agent,
        target,
        await agent.ask(target, 'testConnection', { host, port, tls, component: target.like, within }),
      )
    })
}

/** Prints what a test found; exit code 1 where it is not well, so that scripts see it. */
function verdict(agent: CtlAgent, target: Target, found: { ok: boolean; text: string; code: string }): void {
  agent.print(target, found, ({ text, code }) => `${text}${code === '' ? '' : ` [${code}]`}\n`)
  if (!found.ok) agent.context.exit(exitCodes.failed)
}

const collect = (text: string, before: readonly string[]) => [...before, text]

function setting(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new SluiceError('SLUICE_USAGE', `--setting ${text}: give KEY=VALUE`)
  return [text.slice(0, at), text.slice(at + 1)]
}

function oneOf<Choice extends string>(text: string, choices: readonly Choice[], option: string): Choice {
  const found = choices.find((one) => one === text)
  if (found === undefined) throw new SluiceError('SLUICE_USAGE', `${option} ${text}: give one of ${choices.join(', ')}`)
  return found
}
