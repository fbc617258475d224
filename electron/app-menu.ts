import { Menu, type MenuItemConstructorOptions } from 'electron'

export interface MenuActions {
  readonly navigate: (place: string) => void
  readonly openChannelFolder: () => void
  readonly openWorkspace: () => void
  readonly openLogs: () => void
  readonly about: () => void
  readonly quit: () => void
}

const views = [
  ['Flow', '/flow'],
  ['Channel', '/channel'],
  ['Backlog', '/backlog'],
  ['Sources', '/sources'],
  ['Configuration', '/configuration'],
  ['Secrets', '/secrets'],
  ['Events', '/events'],
] as const

/** The menus: what a system expects of every app, the views, and the folders. */
export function setAppMenu(actions: MenuActions, platform: NodeJS.Platform, devtools: boolean): void {
  const mac = platform === 'darwin'
  const about: MenuItemConstructorOptions = { id: 'about', label: 'About Sluice', click: actions.about }
  const quit: MenuItemConstructorOptions = {
    id: 'quit',
    label: 'Quit Sluice',
    accelerator: 'CommandOrControl+Q',
    click: actions.quit,
  }
  const app: MenuItemConstructorOptions = {
    label: 'Sluice',
    submenu: [about, { type: 'separator' }, { role: 'hide' }, { role: 'hideOthers' }, { type: 'separator' }, quit],
  }
  const file: MenuItemConstructorOptions = {
    label: '&File',
    submenu: [
      {
        id: 'channel-folder',
        label: 'Open channel folder…',
        accelerator: 'CommandOrControl+O',
        click: actions.openChannelFolder,
      },
      { id: 'workspace', label: 'Open the workspace folder', click: actions.openWorkspace },
      { role: 'close' },
      ...(mac ? [] : [{ type: 'separator' } as const, quit]),
    ],
  }
  const view: MenuItemConstructorOptions = {
    label: '&View',
    submenu: [
      ...views.map(([label, place], at) => ({
        id: `view:${place}`,
        label,
        accelerator: `CommandOrControl+${at + 1}`,
        click: () => actions.navigate(place),
      })),
      { type: 'separator' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      { role: 'resetZoom' },
      { role: 'togglefullscreen' },
      ...(devtools ? [{ role: 'reload' } as const, { role: 'toggleDevTools' } as const] : []),
    ],
  }
  const help: MenuItemConstructorOptions = {
    label: '&Help',
    role: 'help',
    submenu: [{ id: 'logs', label: 'Open the log folder', click: actions.openLogs }, ...(mac ? [] : [about])],
  }
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([...(mac ? [app] : []), file, { role: 'editMenu' }, view, { role: 'windowMenu' }, help]),
  )
}
