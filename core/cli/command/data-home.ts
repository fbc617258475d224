import { isAbsolute, join } from 'node:path'
import type { CommandLineContext } from './context.ts'

/**
 * The user's own folder for Sluice's data: `$XDG_DATA_HOME/sluice` or `~/.local/share/sluice`, on macOS
 * `~/Library/Application Support/Sluice`, on Windows `%LOCALAPPDATA%\Sluice`.
 */
export function dataHome(context: Pick<CommandLineContext, 'environment' | 'platform' | 'homeDirectory'>): string {
  const { environment, platform, homeDirectory } = context
  if (platform === 'darwin') return join(homeDirectory, 'Library', 'Application Support', 'Sluice')
  if (platform === 'win32') return join(environment.LOCALAPPDATA ?? join(homeDirectory, 'AppData', 'Local'), 'Sluice')
  const xdg = environment.XDG_DATA_HOME
  // The XDG specification has relative paths ignored.
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(homeDirectory, '.local', 'share'), 'sluice')
}
