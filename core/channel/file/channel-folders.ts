import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type ErrorCode, SluiceError } from '../../errors.ts'

/** A channel's own folder, or every channel of an agent's data folder. */
export function channelFolders(folder: string): string[] {
  const channels = join(folder, 'channels')
  if (existsSync(join(folder, 'index.db')) || !existsSync(channels)) return [folder]
  const found = readdirSync(channels, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  if (found.length === 0) throw new SluiceError('SLUICE_FILE', `${channels} has no channel folder in it`)
  return found.map(({ name }) => join(channels, name)).sort()
}

/** The one channel that `folder` is or holds; throws with `code` when it holds several. */
export function oneChannelFolder(folder: string, code: ErrorCode): string {
  const [first = folder, ...more] = channelFolders(folder)
  if (more.length === 0) return first
  const names = [first, ...more].map((one) => basename(one)).join(', ')
  throw new SluiceError(code, `${folder} has several channels (${names}): give the folder of one of them`)
}
