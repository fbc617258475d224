/** A temporary folder, and the agents, ours and Flume's, that run in it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFlume, type FlumePeer, startFlume } from './flume/peer.ts'
import type { PeerProcess } from './peer-process.ts'
import { startSluice } from './sluice-agent.ts'

const found = await findFlume()

/** Why there is no real Flume on this machine, as the end of a test's name; empty where there is one. */
export const absence = typeof found === 'string' ? ` (skipped: ${found})` : ''
export const flumePeer: FlumePeer = typeof found === 'string' ? { classPath: '' } : found

export interface AgentOptions {
  readonly monitoringPort?: number
  readonly environment?: Readonly<Record<string, string>>
}

export class Peers {
  readonly directory = mkdtempSync(join(tmpdir(), 'sluice-interop-'))
  readonly #running: PeerProcess[] = []

  /** A folder of that name, made when it is first asked for. */
  folder(name: string): string {
    const path = join(this.directory, name)
    mkdirSync(path, { recursive: true })
    return path
  }

  /** A Flume agent at home in the folder of its name; resolves when it has logged `ready`. */
  async flume(agent: string, properties: string, ready: string | RegExp, options?: AgentOptions): Promise<PeerProcess> {
    const started = await startFlume(flumePeer, { directory: this.folder(agent), agent, properties, ...options })
    this.#running.push(started)
    await started.logged(ready)
    return started
  }

  /** A Sluice agent at home in the folder of its name; resolves when it has logged `ready`. */
  async sluice(
    agent: string,
    properties: string,
    ready: string | RegExp,
    options?: AgentOptions,
  ): Promise<PeerProcess> {
    const started = startSluice({ directory: this.folder(agent), agent, properties, ...options })
    this.#running.push(started)
    await started.logged(ready)
    return started
  }

  async remove(): Promise<void> {
    await Promise.all(this.#running.map((agent) => agent.kill()))
    rmSync(this.directory, { recursive: true, force: true })
  }
}
