/**
 * Whether this machine lets a changed part do what its configuration says: listen on its port, read its key stores, watch
 * and write its folders. All of it may change before the part starts, so nothing of it refuses a configuration.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, resolve } from 'node:path'
import type { AgentConfig, ComponentConfig } from '../config/model.ts'
import { errorText, systemCode } from '../errors.ts'
import { type TlsSettings, tlsContext } from '../rpc/tls-context.ts'
import { listen } from '../source/listen.ts'

/** What stands in the way of a part, and at which of its keys. */
export interface MachineProblem {
  /** `a1.sources.r1.port` */
  readonly key: string
  readonly message: string
  readonly hint: string
}

/** Of the parts of `after` that `before` does not have like that. What the running agent holds itself is no obstacle. */
export async function machineProblems(
  before: AgentConfig,
  after: AgentConfig,
  baseDirectory: string,
): Promise<MachineProblem[]> {
  const held = new Set(before.sources.map(({ raw }) => raw['port']))
  const checks: Promise<MachineProblem[]>[] = []
  for (const kind of ['sources', 'sinks'] as const)
    for (const part of after[kind]) {
      const old = before[kind].find(({ name }) => name === part.name)
      const path = `${after.agent}.${kind}.${part.name}`
      const changed = (key: string) => old?.type !== part.type || old.raw[key] !== part.raw[key]
      if (kind === 'sources' && changed('port') && !held.has(part.raw['port'])) checks.push(portProblem(part, path))
      if (Object.keys(part.raw).some((key) => /store|ssl/i.test(key) && changed(key)))
        checks.push(tlsProblem(part, path, baseDirectory))
      for (const [key, folder, use] of foldersOf(part))
        if (changed(key)) checks.push(folderProblem(`${path}.${key}`, resolve(baseDirectory, folder), use))
    }
  return (await Promise.all(checks)).flat()
}

async function portProblem({ type, settings }: ComponentConfig, path: string): Promise<MachineProblem[]> {
  const { port, bind, host } = settings as Readonly<Record<string, unknown>>
  const address = typeof bind === 'string' ? bind : typeof host === 'string' ? host : undefined
  if (typeof port !== 'number' || port === 0 || address === undefined) return []
  try {
    await (type.toLowerCase().endsWith('udp') ? bindOnce(address, port) : listenOnce(address, port))
    return []
  } catch (error) {
    return [{ key: `${path}.port`, message: errorText(error), hint: 'it is tried again until it works' }]
  }
}

async function listenOnce(address: string, port: number): Promise<void> {
  const server = createServer((socket) => socket.destroy())
  await listen(server, address, port)
  await new Promise((closed) => server.close(closed))
}

async function bindOnce(address: string, port: number): Promise<void> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  try {
    socket.bind(port, address)
    await once(socket, 'listening')
  } finally {
    socket.close()
  }
}

async function tlsProblem({ settings, raw }: ComponentConfig, path: string, base: string): Promise<MachineProblem[]> {
  const tls = settings as TlsSettings & { readonly ssl?: unknown }
  if (tls.ssl !== true) return []
  try {
    await tlsContext(tls, base)
    return []
  } catch (error) {
    const message = errorText(error)
    const store = message.startsWith('truststore') ? 'truststore' : 'keystore'
    const password = `${store}-password`
    const key = message.includes(password) && password in raw ? password : store in raw ? store : 'ssl'
    return [{ key: `${path}.${key}`, message, hint: 'nothing is sent or taken without it' }]
  }
}

type Use = 'read' | 'write'

/** The folders that a part names in plain words: not those that depend on its events. */
function foldersOf({ type, raw }: ComponentConfig): [key: string, folder: string, use: Use][] {
  return Object.entries(raw).flatMap(([key, value]): [string, string, Use][] => {
    if (value === '' || value.includes('%{')) return []
    if (type === 'taildir' && key.startsWith('filegroups.')) return [[key, dirname(value), 'read']]
    if (key === 'spoolDir') return [[key, value, 'write']]
    return key === 'sink.directory' ? [[key, value, 'write']] : []
  })
}

const folderReasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'is no folder',
  EACCES: "may not be used by the agent's user",
  EPERM: "may not be used by the agent's user",
  EROFS: 'is on a disk that is read-only',
}

async function folderProblem(key: string, folder: string, use: Use): Promise<MachineProblem[]> {
  try {
    if (!(await stat(folder)).isDirectory()) return [problem('is no folder')]
    await access(folder, constants.X_OK | (use === 'read' ? constants.R_OK : constants.W_OK))
    return []
  } catch (error) {
    return [problem(folderReasons[systemCode(error) ?? ''] ?? errorText(error))]
  }
  function problem(reason: string): MachineProblem {
    const right = use === 'read' ? 'read and enter' : 'write to'
    return { key, message: `the folder ${folder} ${reason}`, hint: `give one that the agent's user may ${right}` }
  }
}
