import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type ControlFile, readControlFile } from '../../control/control-file.ts'
import { SluiceError } from '../../errors.ts'

export interface FoundAgent extends ControlFile {
  readonly folder: string
}

/** How far below a folder agents are looked for: a workspace keeps them in `<workspace>/data/<agent>`. */
const deepest = 3

/** Every agent that runs in `folder` or below it. */
export function runningAgents(folder: string, depth = deepest): FoundAgent[] {
  const here = readControlFile(folder)
  if (here) return isAlive(here.pid) ? [{ ...here, folder }] : []
  if (depth === 0) return []
  return foldersIn(folder).flatMap((name) => runningAgents(join(folder, name), depth - 1))
}

/** The one agent that is meant. Throws `SLUICE_USAGE` when several fit, `SLUICE_CONTROL` when none does. */
export function findAgent(folder: string, agent: string | undefined): FoundAgent {
  const running = runningAgents(folder)
  const found = running.filter((one) => agent === undefined || one.agent === agent)
  const [first, second] = found
  if (first === undefined) {
    const others = running.map((one) => one.agent).join(', ')
    throw new SluiceError(
      'SLUICE_CONTROL',
      `no agent${agent === undefined ? '' : ` ${agent}`} runs in ${folder}` +
        (others === '' ? ': start one, or say where it runs with --data-dir' : `; these do: ${others}`),
    )
  }
  if (second !== undefined)
    throw new SluiceError(
      'SLUICE_USAGE',
      `several agents run in ${folder}: give --agent ${found.map((one) => one.agent).join(' or --agent ')}` +
        (new Set(found.map((one) => one.agent)).size < found.length ? ', or a closer --data-dir' : ''),
    )
  return first
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'channels')
      .map((entry) => entry.name)
  } catch {
    // A folder that is not there or not ours holds no agent that we could speak to.
    return []
  }
}

/** A file left behind by a kill -9 names a process that is gone. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
