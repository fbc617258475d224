import { Menu, type MenuItemConstructorOptions, nativeImage, Tray } from 'electron'

export interface TrayView {
  /** The state in words. */
  readonly text: string
  readonly paused: boolean
  /** False while the agent's process is down. */
  readonly reachable: boolean
  readonly stopped: boolean
  readonly crashes: number
  readonly startsAtLogin: boolean
}

export interface TrayActions {
  readonly open: () => void
  readonly pauseAll: () => void
  readonly resumeAll: () => void
  readonly startAgent: () => void
  readonly setStartAtLogin: (enabled: boolean) => void
  readonly quit: () => void
}

/** Where the app lives when its window is closed. Desktops without a tray show none: a second start opens the window. */
export class AppTray {
  readonly #tray: Tray
  readonly #actions: TrayActions
  #shown = ''

  constructor(icon: string, actions: TrayActions) {
    const image = nativeImage.createFromPath(icon)
    this.#tray = new Tray(image)
    this.#actions = actions
    this.#tray.on('click', () => actions.open())
  }

  show(view: TrayView): void {
    // A menu that is open closes when another one is set, so it is set only when it says something else.
    const shown = JSON.stringify(view)
    if (shown === this.#shown) return
    this.#shown = shown
    this.#tray.setToolTip(`Sluice: ${view.text}`)
    this.#tray.setContextMenu(Menu.buildFromTemplate(this.#items(view)))
  }

  #items({ text, paused, reachable, stopped, crashes, startsAtLogin }: TrayView): MenuItemConstructorOptions[] {
    const { open, pauseAll, resumeAll, startAgent, setStartAtLogin, quit } = this.#actions
    return [
      { id: 'state', label: text, enabled: false },
      { id: 'crashes', label: restartsText(crashes), enabled: false, visible: crashes > 0 },
      { type: 'separator' },
      { id: 'open', label: 'Open Sluice', click: open },
      { id: 'pause', label: 'Pause all', enabled: reachable && !paused, click: pauseAll },
      { id: 'resume', label: 'Resume all', enabled: reachable, click: resumeAll },
      { id: 'start', label: 'Start the agent', visible: stopped, click: startAgent },
      { type: 'separator' },
      {
        id: 'login',
        label: 'Start at login',
        type: 'checkbox',
        checked: startsAtLogin,
        click: ({ checked }) => setStartAtLogin(checked),
      },
      { id: 'quit', label: 'Quit', click: quit },
    ]
  }
}

export function restartsText(crashes: number): string {
  return crashes === 1 ? 'The agent was restarted once' : `The agent was restarted ${crashes} times`
}
