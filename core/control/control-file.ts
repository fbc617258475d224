import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { SluiceError, systemCode } from '../errors.ts'

/** A Unix socket's path has at most 108 bytes on Linux, 104 on macOS, with a closing zero. */
const longestPath = 100
export const controlFileName = 'control.json'

const controlFile = z.object({ agent: z.string(), pid: z.number(), socket: z.string() })
/** Who runs in a data folder and where it can be spoken to: `control.json`, there as long as the agent runs. */
export type ControlFile = z.infer<typeof controlFile>

/** Where the agent of `folder` listens: in the folder, or in a private temporary one when that path is too long. */
export function chooseSocket(folder: string, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32')
    return `\\\\.\\pipe\\sluice-${createHash('sha256').update(folder.toLowerCase()).digest('hex').slice(0, 32)}`
  const near = join(folder, 'control.sock')
  if (Buffer.byteLength(near) <= longestPath) return near
  // mkdtemp makes it 0700.
  return join(mkdtempSync(join(tmpdir(), 'sluice-')), 'control.sock')
}

export function writeControlFile(folder: string, file: ControlFile): void {
  writeFileSync(join(folder, controlFileName), `${JSON.stringify(file)}\n`, { mode: 0o600 })
}

export function removeControlFile(folder: string, socket: string): void {
  rmSync(join(folder, controlFileName), { force: true })
  if (socket.startsWith('\\\\')) return
  rmSync(socket, { force: true })
  if (dirname(socket) !== folder) rmSync(dirname(socket), { recursive: true, force: true })
}

/** Undefined when no agent runs in `folder`. Throws `SLUICE_CONTROL` for a file that says nothing sensible. */
export function readControlFile(folder: string): ControlFile | undefined {
  const path = join(folder, controlFileName)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    throw error
  }
  try {
    return controlFile.parse(JSON.parse(text))
  } catch (error) {
    throw new SluiceError('SLUICE_CONTROL', `${path} is damaged: restart the agent`, { cause: error })
  }
}
