import { dialog } from 'electron'
import { findChannelFolder } from '../core/backlog/find-channel-folder.ts'
import { errorText } from '../core/errors.ts'

/** The folder of a channel that the user chooses in the system's dialog, and that the page then opens. */
export class ChannelFolderChoice {
  #chosen: string | undefined
  #times = 0

  /** Undefined when they did not choose. Throws `SLUICE_FILE` for what is no channel's folder. */
  async pick(): Promise<string | undefined> {
    const { canceled, filePaths } = await dialog.showOpenDialog({
      title: 'Open channel folder',
      buttonLabel: 'Open',
      properties: ['openDirectory', 'showHiddenFiles'],
    })
    const [path] = filePaths
    return canceled || path === undefined ? undefined : await findChannelFolder(path)
  }

  /** From the menu: the place in the window to go to with it; undefined when there is none to open. */
  async pickForWindow(): Promise<string | undefined> {
    try {
      this.#chosen = await this.pick()
    } catch (error) {
      await dialog.showMessageBox({
        type: 'error',
        title: 'Open channel folder',
        message: 'That folder cannot be opened',
        detail: errorText(error),
      })
      return undefined
    }
    return this.#chosen === undefined ? undefined : `/backlog/folder/new?chosen=${++this.#times}`
  }

  /** What was chosen from the menu, once: an address that only looks like it finds nothing. */
  take(): string | undefined {
    const chosen = this.#chosen
    this.#chosen = undefined
    return chosen
  }
}
