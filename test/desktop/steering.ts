/** What a test reads of the desktop around the stand-in's windows, and how it acts there as a user would. */
import type { DesktopApp } from './desktop-app.ts'

interface Item {
  id?: string | undefined
  label: string
  enabled: boolean
  visible: boolean
  checked: boolean
  click(): void
}
interface FoundMenu {
  items: Item[]
  getMenuItemById(id: string): Item | null
}
/** Beside Electron's own names: those that only the stand-in has. */
interface StandIn {
  calls: [string, ...unknown[]][]
  answers: Record<string, unknown[]>
  Tray: { all: { toolTip: string; menu: FoundMenu }[] }
  Notification: { all: { options: { title: string; body: string }; emit(event: string): void }[] }
  Menu: { getApplicationMenu(): FoundMenu | null }
  keychain: { backend: string; available: boolean }
}

export class Steering {
  readonly #app: DesktopApp

  constructor(app: DesktopApp) {
    this.#app = app
  }

  tray(): Promise<{ toolTip: string; items: Pick<Item, 'id' | 'label' | 'enabled' | 'visible' | 'checked'>[] }> {
    return this.#app.electron.evaluate((electron) => {
      const [tray] = (electron as unknown as StandIn).Tray.all
      const items = tray?.menu.items ?? []
      return {
        toolTip: tray?.toolTip ?? '',
        items: items.map(({ id, label, enabled, visible, checked }) => ({ id, label, enabled, visible, checked })),
      }
    })
  }

  clickTray(id: string): Promise<void> {
    return this.#app.electron.evaluate((electron, id) => {
      const item = (electron as unknown as StandIn).Tray.all[0]?.menu.getMenuItemById(id)
      if (!item) throw new Error(`the tray has no ${id}`)
      item.click()
    }, id)
  }

  clickMenu(id: string): Promise<void> {
    return this.#app.electron.evaluate((electron, id) => {
      const item = (electron as unknown as StandIn).Menu.getApplicationMenu()?.getMenuItemById(id)
      if (!item) throw new Error(`the menu has no ${id}`)
      item.click()
    }, id)
  }

  notices(): Promise<{ title: string; body: string }[]> {
    return this.#app.electron.evaluate((electron) =>
      (electron as unknown as StandIn).Notification.all.map(({ options: { title, body } }) => ({ title, body })),
    )
  }

  clickNotice(title: string): Promise<void> {
    return this.#app.electron.evaluate((electron, title) => {
      const notice = (electron as unknown as StandIn).Notification.all.find((one) => one.options.title === title)
      if (!notice) throw new Error(`there is no notice ${title}`)
      notice.emit('click')
    }, title)
  }

  /** What the app asked of the desktop under a name, each call's arguments. */
  calls(name: string): Promise<unknown[][]> {
    return this.#app.electron.evaluate(
      (electron, name) =>
        (electron as unknown as StandIn).calls.flatMap(([called, ...args]) => (called === name ? [args] : [])),
      name,
    )
  }

  /** What the user answers to the next dialog of that name. */
  answer(dialog: string, answer: unknown): Promise<void> {
    return this.#app.electron.evaluate(
      (electron, given) => {
        const { answers } = electron as unknown as StandIn
        const waiting = (answers[given.dialog] ??= [])
        waiting.push(given.answer)
      },
      { dialog, answer },
    )
  }

  windows(): Promise<number> {
    return this.#app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)
  }
}
