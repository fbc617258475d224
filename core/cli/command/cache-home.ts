import { isAbsolute, join } from 'node:path'
import type { CommandLineContext } from './context.ts'

/**
 * The folder for what can be made again: that of the service (`$CACHE_DIRECTORY`, systemd.exec(5)), or the user's own:
 * `$XDG_CACHE_HOME/sluice` or `~/.cache/sluice`, on macOS `~/Library/Caches/Sluice`, on Windows `%LOCALAPPDATA%\Sluice\Cache`.
 */
export function cacheHome(context: Pick<CommandLineContext, 'environment' | 'platform' | 'homeDirectory'>): string {
  const { environment, platform, homeDirectory } = context
  const { CACHE_DIRECTORY: service, XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = environment
  if (service !== undefined && isAbsolute(service)) return service
  if (platform === 'darwin') return join(homeDirectory, 'Library', 'Caches', 'Sluice')
  if (platform === 'win32') return join(local ?? join(homeDirectory, 'AppData', 'Local'), 'Sluice', 'Cache')
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(homeDirectory, '.cache'), 'sluice')
}
