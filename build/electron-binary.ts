import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where Electron's binary is, found without requiring the package: that would try to download one. */
export function electronBinary(packageFolder: string): string | undefined {
  const name = join(packageFolder, 'path.txt')
  if (!existsSync(name)) return undefined
  const binary = join(packageFolder, 'dist', readFileSync(name, 'utf8').trim())
  return existsSync(binary) ? binary : undefined
}

/** Why no window can be shown here, and what would help; undefined when one can. */
export function noDesktop(
  binary: string | undefined,
  platform: NodeJS.Platform,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (binary === undefined) return "Electron's binary is not downloaded (npx install-electron gets it)"
  const display = (environment.DISPLAY ?? '') !== '' || (environment.WAYLAND_DISPLAY ?? '') !== ''
  return platform === 'linux' && !display
    ? 'there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)'
    : undefined
}
