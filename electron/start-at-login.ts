import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'

/** Starts the app with only its tray when the user logs in. */
export interface StartAtLogin {
  enabled(): boolean
  set(enabled: boolean): void
}

/** What Electron has for macOS and Windows. */
interface LoginItems {
  getLoginItemSettings(options?: { args?: string[] }): { openAtLogin: boolean }
  setLoginItemSettings(settings: { openAtLogin: boolean; args?: string[] }): void
}

export function startAtLogin(app: LoginItems, platform: NodeJS.Platform, linux: () => StartAtLogin): StartAtLogin {
  if (platform === 'linux') return linux()
  const args = ['--hidden']
  return {
    enabled: () => app.getLoginItemSettings({ args }).openAtLogin,
    set: (openAtLogin) => app.setLoginItemSettings({ openAtLogin, args }),
  }
}

/** `$XDG_CONFIG_HOME/autostart/sluice.desktop` (XDG Desktop Application Autostart Specification 0.5). */
export function xdgAutostart(
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
  command: readonly string[],
): StartAtLogin {
  const { XDG_CONFIG_HOME: given } = environment
  const config = given !== undefined && isAbsolute(given) ? given : join(home, '.config')
  const folder = join(config, 'autostart')
  const file = join(folder, 'sluice.desktop')
  return {
    enabled: () => existsSync(file),
    set: (enabled) => {
      if (!enabled) {
        rmSync(file, { force: true })
        return
      }
      mkdirSync(folder, { recursive: true })
      writeFileSync(`${file}.new`, entry(command))
      renameSync(`${file}.new`, file)
    },
  }
}

function entry(command: readonly string[]): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Sluice',
    'Comment=Relays logs and keeps what waits',
    `Exec=${[...command, '--hidden'].map(quoted).join(' ')}`,
    'Icon=sluice',
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n')
}

/** An argument of `Exec` (Desktop Entry Specification 1.5, "The Exec key"): quoted, then escaped as any string value. */
function quoted(argument: string): string {
  const literal = argument.replaceAll('%', '%%')
  if (/^[\w@%+=:,./-]+$/.test(literal)) return literal
  return `"${literal.replace(/["`$\\]/g, String.raw`\$&`)}"`.replaceAll('\\', '\\\\')
}
