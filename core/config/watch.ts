import { type FSWatcher, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Clock } from '../clock.ts'
import { loadConfig, type LoadOptions } from './load.ts'
import type { ConfigResult } from './model.ts'
import { decodeText } from './read-files.ts'

export interface WatchTimes {
  /** How often files are read again, whatever the system says of them: network mounts say nothing. */
  readonly poll: number
  /** How long files must be as they are before they count as saved. */
  readonly settle: number
  /** How long a file may be missing or empty, as it is while some editors save it, before that is reported. */
  readonly patience: number
}

const usualTimes: WatchTimes = { poll: 2000, settle: 200, patience: 5000 }

/** The files' contents at one moment; undefined for what cannot be read. */
type Contents = readonly (Buffer | undefined)[]

const sameContents = (a: Contents, b: Contents) =>
  a.every((bytes, index) => {
    const other = b[index]
    return bytes === undefined || other === undefined ? bytes === other : bytes.equals(other)
  })

const isWhole = (contents: Contents) => contents.every((bytes) => bytes !== undefined && bytes.length > 0)

/**
 * A configuration that is loaded once and again after each change of its files. What counts is what the files say, not
 * their times, so that a file that is replaced by renaming, rewritten in place, or reached by a symbolic link that
 * changes (as Kubernetes does it) is seen alike, and a `touch` is not.
 */
export class WatchedConfig {
  readonly #options: LoadOptions
  readonly #clock: Clock
  readonly #times: WatchTimes
  #applied: Contents = []
  #hint = new AbortController()

  constructor(options: LoadOptions, clock: Clock, times: Partial<WatchTimes> = {}) {
    this.#options = options
    this.#clock = clock
    this.#times = { ...usualTimes, ...times }
  }

  /** Loads the files as they are now; `watch` reports what differs from that. */
  async load(): Promise<ConfigResult> {
    this.#applied = await this.#read()
    return this.#loadFrom(this.#applied)
  }

  /**
   * Calls `changed` with the new result, be it good or bad, after each change that has come to rest, one call at a time.
   * Resolves when `signal` aborts; rejects when `changed` does.
   */
  async watch(signal: AbortSignal, changed: (result: ConfigResult) => unknown): Promise<void> {
    const watchers = this.#watchFolders()
    const wake = () => this.#hint.abort()
    signal.addEventListener('abort', wake)
    try {
      while (!signal.aborted) {
        const contents = await this.#settled(signal)
        if (contents !== undefined) {
          const result = await this.#loadFrom(contents)
          if (result.config === undefined && (await this.#changesAgain(contents, signal))) continue
          this.#applied = contents
          await changed(result)
        }
        // Aborted while it was busy: the loop ends here and not after another poll.
        if (!this.#isOver(signal)) await this.#clock.sleep(this.#times.poll, this.#hint.signal)
        this.#hint = new AbortController()
        // A folder where much happens must not keep it reading.
        await this.#clock.sleep(this.#times.settle, signal)
      }
    } finally {
      signal.removeEventListener('abort', wake)
      for (const watcher of watchers) watcher.close()
    }
  }

  #isOver(signal: AbortSignal): boolean {
    return signal.aborted
  }

  /** The contents, when they differ from what was applied and have come to rest; undefined when there is nothing new. */
  async #settled(signal: AbortSignal): Promise<Contents | undefined> {
    const { settle, patience } = this.#times
    const since = this.#clock.monotonic()
    let contents = await this.#read()
    while (!signal.aborted && !sameContents(contents, this.#applied)) {
      await this.#clock.sleep(settle, signal)
      const next = await this.#read()
      const still = sameContents(next, contents)
      contents = next
      if (still && (isWhole(next) || this.#clock.monotonic() - since >= patience))
        return this.#isOver(signal) ? undefined : next
    }
    return undefined
  }

  /** A result with errors may be of a half-saved file: it is believed only when nothing comes after it for a while. */
  async #changesAgain(contents: Contents, signal: AbortSignal): Promise<boolean> {
    await this.#clock.sleep(this.#times.settle * 3, signal)
    return signal.aborted || !sameContents(await this.#read(), contents)
  }

  #read(): Promise<Contents> {
    return Promise.all(
      this.#options.files.map(async ({ path, text }) => {
        if (text !== undefined) return Buffer.from(text)
        // What cannot be read is a state like any other; loadConfig says why when it is the one that stays.
        return readFile(resolve(this.#options.baseDirectory, path)).catch(() => undefined)
      }),
    )
  }

  #loadFrom(contents: Contents): Promise<ConfigResult> {
    const files = this.#options.files.map((file, index) => {
      const bytes = contents[index]
      return bytes === undefined ? file : { path: file.path, text: decodeText(bytes) }
    })
    return loadConfig({ ...this.#options, files })
  }

  /** Folders are watched, not files: a file that is replaced is another one. Only a hint; polling finds what it misses. */
  #watchFolders(): FSWatcher[] {
    const folders = new Set(this.#options.files.map(({ path }) => dirname(resolve(this.#options.baseDirectory, path))))
    const watchers: FSWatcher[] = []
    for (const folder of folders)
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#hint.abort())
        watcher.on('error', () => watcher.close())
        watchers.push(watcher)
      } catch {
        // No notifications here (a network mount, too many watches): polling does without.
      }
    return watchers
  }
}
