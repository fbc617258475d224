import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ControlHost } from '../control/control-host.ts'
import { calls, type Role, subscriptions } from '../control/contract.ts'
import { answerControl, HttpRefusal, sendJson } from '../control/http-carrier.ts'
import { RolePort } from '../control/role-port.ts'
import type { Log } from '../log.ts'
import { answerExport } from './export-file.ts'
import { answerFile } from './page-files.ts'
import type { RequestTarget } from './request-target.ts'
import { foreignOrigin } from './same-origin.ts'
import type { StaticFiles } from './static-files.ts'

export interface ConsoleContent {
  readonly host: ControlHost
  /** Where an agent's finished exports lie; undefined for an agent that is not there. */
  readonly exportFolder: (agent: string) => string | undefined
  readonly files: StaticFiles
  readonly version: string
  readonly log: Log
}

/**
 * What a console has: `/session`, `/agents/<agent>/call/<name>`, `/agents/<agent>/subscribe/<name>`,
 * `/agents/<agent>/export/<file>`, and the files of the page. Rejects with what is to be answered when it cannot.
 */
export async function answerConsole(
  content: ConsoleContent,
  target: RequestTarget,
  role: Role,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [first = '', agent = '', verb = '', name = '', ...more] = target.segments
  if (first === 'session' && target.segments.length === 1) {
    allowOnly('GET', request, response)
    sendJson(response, 200, { agents: content.host.agents(), role, version: content.version })
  } else if (first !== 'agents') await answerFile(content.files, `/${target.segments.join('/')}`, request, response)
  else if (more.length > 0 || name === '' || !['call', 'subscribe', 'export'].includes(verb))
    throw new HttpRefusal(404, 'SLUICE_CONTROL', 'ask for /agents/<agent>/call, subscribe or export, and a name')
  else await answerAgent(content, { agent, verb, name, search: target.search }, role, request, response)
}

async function answerAgent(
  { host, exportFolder, log }: ConsoleContent,
  { agent, verb, name, search }: { agent: string; verb: string; name: string; search: string },
  role: Role,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const port = host.port(agent)
  const folder = exportFolder(agent)
  if (port === undefined || folder === undefined)
    throw new HttpRefusal(404, 'SLUICE_CONTROL', `there is no agent ${agent}: give one of ${host.agents().join(', ')}`)
  if (verb === 'export') {
    await answerExport(folder, name, request, response)
    return
  }
  const foreign = foreignOrigin(request.headers)
  if (foreign !== undefined)
    throw new HttpRefusal(403, 'SLUICE_FORBIDDEN', `only the console's own page may ask this, and ${foreign}`)
  // A page can send other types to anybody without asking first.
  if (verb === 'call' && request.method === 'POST' && !isJson(request.headers['content-type']))
    throw new HttpRefusal(415, 'SLUICE_CONTROL', 'a call is sent as application/json')
  const list: Readonly<Record<string, { role: Role }>> = verb === 'call' ? calls : subscriptions
  const needed = Object.hasOwn(list, name) ? list[name]?.role : undefined
  // Who looks is not worth a line; who changes something is, and who tried.
  if (needed !== undefined && needed !== 'read')
    log.info(
      { agent, asked: name, role, address: request.socket.remoteAddress ?? '' },
      `the console was asked to ${name}`,
    )
  await answerControl(new RolePort(port, role), `/${verb}/${encodeURIComponent(name)}${search}`, request, response)
}

function allowOnly(method: string, request: IncomingMessage, response: ServerResponse): void {
  if (request.method === method) return
  response.setHeader('allow', method)
  throw new HttpRefusal(405, 'SLUICE_CONTROL', `this is asked for with ${method}`)
}

const isJson = (type: string | undefined) => /^application\/json\s*(?:;|$)/i.test(type ?? '')
