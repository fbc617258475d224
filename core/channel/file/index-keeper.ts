import fs from 'node:fs'
import { type ErrorCode, errorText } from '../../errors.ts'
import type { BlockRow, ChannelState } from './channel-state.ts'
import { IndexDatabase, isCorruption, isIndexFull } from './index-database.ts'
import { rebuildBlocks } from './index-rebuild.ts'
import type { ReserveFile } from './reserve-file.ts'
import { indexPath, syncFolder } from './segment-files.ts'

/** Where the counters of the index stood after a commit: to see whether a new connection still finds it. */
interface Mark {
  readonly nextEvent: number
  readonly low: number
}

/** Keeps the damaged index aside for whoever wants to know, and starts a new one. */
export function replaceIndex(folder: string, now: number): IndexDatabase {
  for (const suffix of ['', '-wal', '-shm']) {
    const file = indexPath(folder) + suffix
    if (fs.existsSync(file)) fs.renameSync(file, `${file}.damaged-${now}`)
  }
  syncFolder(folder)
  return new IndexDatabase(indexPath(folder))
}

/**
 * The index of a running channel, through its troubles. A full disk: the reserve is given up. An I/O error: a new
 * connection, as the old one is suspect after it. Damage: the index is put aside and made again from the segments and
 * from what is in memory. Never is one made again only because the disk did not answer.
 */
export class IndexKeeper {
  readonly #folder: string
  readonly #notice: (code: ErrorCode, message: string) => void
  #index: IndexDatabase | undefined
  #mark: Mark | undefined
  /** The last try ended in an error that makes the connection suspect. */
  #suspect: unknown

  constructor(folder: string, index: IndexDatabase, notice: (code: ErrorCode, message: string) => void) {
    this.#folder = folder
    this.#index = index
    this.#notice = notice
  }

  /** True when a commit may not have reached the disk yet. */
  get unsynced(): boolean {
    return this.#index?.unsynced ?? true
  }

  /** Throws what keeps the index from being written; the changes stay for the next call. */
  write(state: ChannelState, full: boolean, reserve: ReserveFile): void {
    if (this.#suspect !== undefined || this.#index === undefined) this.#reconnect(state)
    try {
      this.#index?.write(state, full)
    } catch (error) {
      if (isIndexFull(error) && reserve.giveUp()) this.#index?.write(state, full)
      else {
        this.#suspect = error
        if (!isCorruption(error)) throw error
        this.#reconnect(state)
        this.#index?.write(state, full)
      }
    }
    this.#mark = { nextEvent: state.nextEvent, low: state.low }
  }

  /** The block that holds `event`, or the first one behind it. */
  blockAt(event: number): BlockRow | undefined {
    try {
      return this.#index?.blockAt(event)
    } catch (error) {
      // The next write sees to it.
      this.#suspect = error
      return undefined
    }
  }

  #reconnect(state: ChannelState): void {
    const cause = this.#suspect
    this.#index?.close()
    this.#index = undefined
    let sound = false
    try {
      const index = new IndexDatabase(indexPath(this.#folder))
      try {
        const row = index.channel()
        sound =
          index.sound() &&
          (this.#mark === undefined || (row?.next_event === this.#mark.nextEvent && row.low_event === this.#mark.low))
      } finally {
        if (sound) this.#index = index
        else index.close()
      }
    } catch (error) {
      if (!isCorruption(error)) throw error
    }
    if (!sound) {
      this.#notice('SLUICE_CHANNEL_CORRUPT', `the index is made again from the segments: ${errorText(cause)}`)
      this.#index = replaceIndex(this.#folder, Date.now())
      rebuildBlocks(this.#folder, state)
    }
    this.#suspect = undefined
  }

  close(): void {
    this.#index?.close()
    this.#index = undefined
  }
}
