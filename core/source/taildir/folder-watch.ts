import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'

/**
 * The system's notices about one folder, as a hint to look sooner. Nothing relies on them: network mounts give none,
 * and the system's number of watches is limited.
 */
export class FolderWatch {
  readonly #directory: string
  readonly #notice: (path: string | undefined) => void
  #watcher: FSWatcher | undefined

  /** `notice` gets the path that changed; undefined when the names in the folder did. */
  constructor(directory: string, notice: (path: string | undefined) => void) {
    this.#directory = directory
    this.#notice = notice
  }

  get active(): boolean {
    return this.#watcher !== undefined
  }

  /** Watches unless it does already. A refusal is no error: the folder is polled then. */
  start(): void {
    if (this.#watcher) return
    try {
      this.#watcher = watch(this.#directory, { persistent: false }, (kind, name) => {
        this.#notice(kind === 'change' && name !== null ? join(this.#directory, name) : undefined)
      })
    } catch {
      return
    }
    // The folder went away, or the system takes its watch back: the next look starts a new one.
    this.#watcher.on('error', () => this.stop())
  }

  stop(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }
}
