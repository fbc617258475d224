import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { SluiceError } from '../../errors.ts'

/** A channel's own folder, or every channel of an agent's data folder. */
export function channelFolders(folder: string): string[] {
  const channels = join(folder, 'channels')
  if (existsSync(join(folder, 'index.db')) || !existsSync(channels)) return [folder]
  const found = readdirSync(channels, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  if (found.length === 0) throw new SluiceError('SLUICE_FILE', `${channels} has no channel folder in it`)
  return found.map(({ name }) => join(channels, name)).sort()
}
