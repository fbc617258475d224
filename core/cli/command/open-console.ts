import { basename, join } from 'node:path'
import { AccessTokens } from '../../console/access-tokens.ts'
import { type ConsoleOptions, ConsoleServer } from '../../console/console-server.ts'
import { isWildcard } from '../../console/exposure.ts'
import { StaticFiles } from '../../console/static-files.ts'
import { ownToken } from '../../console/token-file.ts'
import { exportsFolder } from '../../control/backlog-handlers.ts'
import { isSluiceError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { addressText } from './address.ts'
import { type ConsolePlan, consoleSecrets } from './console-plan.ts'
import type { CommandLineContext } from './context.ts'
import { freePort } from './free-port.ts'
import type { RunningAgent } from './running-agent.ts'
import { version } from './version.ts'

/** The first port that is tried where none is given: mostly the same from start to start. */
const preferredPort = 4180

/** The name of the file, in a data folder, with the token that Sluice makes itself. */
export const ownTokenName = 'console-token'

/** Serves the window for agents that run, and prints where. Its own token lies in a folder that the caller has locked. */
export async function openConsole(
  { plan, tokenFolder }: { readonly plan: ConsolePlan; readonly tokenFolder: string },
  agents: readonly RunningAgent[],
  context: CommandLineContext,
  log: Log,
): Promise<ConsoleServer> {
  const { host, names, tls, token } = plan
  const secret = token?.secret ?? (await ownToken(join(tokenFolder, ownTokenName), log))
  const find = (name: string) => agents.find(({ plan: { agent } }) => agent === name)
  const options: Omit<ConsoleOptions, 'port'> = {
    content: {
      host: { agents: () => agents.map(({ plan: { agent } }) => agent), port: (agent) => find(agent)?.control },
      exportFolder: (agent) => {
        const found = find(agent)
        return found && exportsFolder(found.plan.dataDirectory)
      },
      files: new StaticFiles(rendererFolder()),
      version,
    },
    ...{ tokens: new AccessTokens(consoleSecrets(plan, secret)), host, names, tls, clock: context.clock, log },
  }
  const { console, port } = await listenOn(plan.port, options)
  log.info({ address: host, port }, 'serving the console')
  const address = `${tls ? 'https' : 'http'}://${shownHost(plan, port)}/`
  context.stdout.write(
    token === undefined
      ? `The window, for your browser: ${address}?token=${secret}\n`
      : `The window, for your browser: ${address} (sign in with the token in ${token.file})\n`,
  )
  return console
}

/** A name that a browser can use: every address of a machine (0.0.0.0) is none. */
function shownHost({ host, names, tls }: ConsolePlan, port: number): string {
  const [, vouched] = /DNS:([^*,]+)/.exec(tls?.certificate.subjectAltName ?? '') ?? []
  const name = names[0] ?? (isWildcard(host) ? vouched : undefined)
  if (name === undefined) return addressText({ host, port })
  return /:\d+$/.test(name) ? name : `${name}:${port}`
}

async function listenOn(given: number | undefined, options: Omit<ConsoleOptions, 'port'>) {
  for (let attempt = 1; ; attempt++) {
    const console = new ConsoleServer({ ...options, port: given ?? (await freePort(options.host, preferredPort)) })
    try {
      return { console, port: await console.start() }
    } catch (error) {
      // Somebody else, perhaps another agent that starts just now, was quicker to take the free port.
      if (given !== undefined || attempt === 10 || !isSluiceError(error, 'SLUICE_LISTEN')) throw error
    }
  }
}

/** Where the built page lies: beside a built command line, or in `out` of the source. */
function rendererFolder(): string {
  const here = import.meta.dirname
  return basename(here) === 'command' ? join(here, '../../../out/renderer') : join(here, '../renderer')
}
