import { basename, join } from 'node:path'
import { ConsoleServer } from '../../console/console-server.ts'
import { StaticFiles } from '../../console/static-files.ts'
import { ownToken } from '../../console/token-file.ts'
import type { Log } from '../../log.ts'
import { addressText } from './address.ts'
import { type ConsolePlan, consoleTokens } from './console-plan.ts'
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
  const console = new ConsoleServer({
    content: {
      host: { agents: () => agents.map(({ plan: { agent } }) => agent), port: (agent) => find(agent)?.control },
      exportFolder: (agent) => {
        const found = find(agent)
        return found && join(found.plan.dataDirectory, 'exports')
      },
      files: new StaticFiles(rendererFolder()),
      version,
    },
    ...{ tokens: consoleTokens(plan, secret), host, names, tls, clock: context.clock, log },
    port: plan.port ?? (await freePort(host, preferredPort)),
  })
  const port = await console.start()
  log.info({ address: host, port }, 'serving the console')
  const [name] = names
  const shown = name === undefined ? addressText({ host, port }) : /:\d+$/.test(name) ? name : `${name}:${port}`
  const address = `${tls ? 'https' : 'http'}://${shown}/`
  context.stdout.write(
    token === undefined
      ? `The window, for your browser: ${address}?token=${secret}\n`
      : `The window, for your browser: ${address} (sign in with the token in ${token.file})\n`,
  )
  return console
}

/** Where the built page lies: beside a built command line, or in `out` of the source. */
function rendererFolder(): string {
  const here = import.meta.dirname
  return basename(here) === 'command' ? join(here, '../../../out/renderer') : join(here, '../renderer')
}
