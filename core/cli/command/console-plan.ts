import { resolve } from 'node:path'
import type { Command } from 'commander'
import { checkSecrets, type Secret } from '../../console/access-tokens.ts'
import { type ConsoleTls, loadConsoleTls } from '../../console/console-tls.ts'
import { checkExposure } from '../../console/exposure.ts'
import { checkHostName } from '../../console/host-names.ts'
import { readTokenFile } from '../../console/token-file.ts'
import { SluiceError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { parseAddress, parsePort } from './address.ts'
import type { CommandLineContext } from './context.ts'

/** As commander gives them. */
export interface ConsoleArguments {
  /** `HOST:PORT` or `PORT`; true: a free port of this machine; false or undefined: no console. */
  readonly console?: string | boolean
  readonly consoleTokenFile?: string
  readonly consoleReadTokenFile?: string
  readonly consoleName?: string[]
  readonly consoleCert?: string
  readonly consoleKey?: string
}

/** A console that was asked for, with all it needs read and checked. */
export interface ConsolePlan {
  readonly host: string
  /** Undefined: a free one. */
  readonly port: number | undefined
  /** Undefined: Sluice keeps one of its own. */
  readonly token: { readonly file: string; readonly secret: string } | undefined
  readonly readToken: string | undefined
  readonly names: readonly string[]
  readonly tls: ConsoleTls | undefined
}

export function addConsoleOptions(command: Command): Command {
  return command
    .option('--console-token-file <FILE>', 'console: the token that opens it (default: one made in the data folder)')
    .option('--console-read-token-file <FILE>', 'console: a second token that lets look and change nothing')
    .option(
      '--console-name <NAME...>',
      'console: more names to answer to, as NAME or NAME:PORT, for a proxy or a tunnel',
    )
    .option('--console-cert <FILE>', 'console: serve HTTPS with this certificate (PEM)')
    .option('--console-key <FILE>', 'console: the private key of the certificate (PEM)')
}

/** Undefined when none is wanted. Rejects before anything runs when something is wrong with what was given. */
export async function consolePlanOf(
  given: ConsoleArguments,
  context: CommandLineContext,
  log: Log,
): Promise<ConsolePlan | undefined> {
  const { console, consoleTokenFile, consoleReadTokenFile, consoleName = [], consoleCert, consoleKey } = given
  if (console === undefined || console === false) {
    const extra = [consoleTokenFile, consoleReadTokenFile, consoleName[0], consoleCert, consoleKey]
    if (extra.every((value) => value === undefined)) return undefined
    throw new SluiceError('SLUICE_USAGE', 'options of the console are given, but no console: add --console')
  }
  const { host, port } = console === true ? { host: '127.0.0.1', port: undefined } : parseConsoleAddress(console)
  if ((consoleCert === undefined) !== (consoleKey === undefined))
    throw new SluiceError('SLUICE_USAGE', 'HTTPS needs both: --console-cert FILE and --console-key FILE')
  checkExposure(host, port ?? 0, { tls: consoleCert !== undefined, token: consoleTokenFile !== undefined })
  const path = (file: string) => resolve(context.workingDirectory, file)
  const token =
    consoleTokenFile === undefined
      ? undefined
      : { file: path(consoleTokenFile), secret: await readTokenFile(path(consoleTokenFile), log) }
  const readToken =
    consoleReadTokenFile === undefined ? undefined : await readTokenFile(path(consoleReadTokenFile), log)
  const tls =
    consoleCert === undefined || consoleKey === undefined
      ? undefined
      : await loadConsoleTls(path(consoleKey), path(consoleCert))
  for (const name of consoleName) checkHostName(name)
  const plan = { host, port, token, readToken, names: consoleName, tls }
  checkSecrets(consoleSecrets(plan, token?.secret))
  return plan
}

/** What opens the console, with what each lets do. */
export function consoleSecrets({ readToken }: ConsolePlan, secret: string | undefined): Secret[] {
  return [
    ...(secret === undefined ? [] : [{ secret, role: 'configure' as const }]),
    ...(readToken === undefined ? [] : [{ secret: readToken, role: 'read' as const }]),
  ]
}

function parseConsoleAddress(text: string): { host: string; port: number } {
  if (/^\d+$/.test(text)) return { host: '127.0.0.1', port: parsePort(text, '--console') }
  return parseAddress(text, '--console')
}
