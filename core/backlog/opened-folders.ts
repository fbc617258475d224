import { randomUUID } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { basename, isAbsolute } from 'node:path'
import type { ChannelStore } from '../channel/channel.ts'
import { readKeyFile } from '../channel/file/encryption-keys.ts'
import { liveHolder } from '../channel/file/folder-lock.ts'
import type { Clock } from '../clock.ts'
import { isSluiceError, SluiceError } from '../errors.ts'
import type { BacklogDesk } from './backlog-desk.ts'
import { findChannelFolder } from './find-channel-folder.ts'

/** A channel's folder that no agent here runs, opened to look at. */
export interface OpenedFolder {
  /** Cannot be guessed: whoever knows it may look at the folder. */
  readonly id: string
  readonly path: string
  readonly channel: string
  /** The process that has it open, as it says; null: its agent is stopped. */
  readonly holder: number | null
}

interface Opened {
  readonly id: string
  readonly channel: string
  store: ChannelStore
  holder: number | undefined
  usedAt: number
}

/** Folders at a time, so that forgotten pages cannot fill the machine with threads. */
const mostFolders = 8
/** A folder that nobody has looked at for so many milliseconds is closed. */
const restsFor = 3_600_000
const prefix = 'folder:'

/** The folders of channels that were opened beside an agent's own. Nothing is ever written to them. */
export class OpenedFolders {
  readonly #desk: BacklogDesk
  readonly #clock: Clock
  /** The folders of the agent's own channels, by channel. */
  readonly #own: () => ReadonlyMap<string, string>
  readonly #opened = new Map<string, Opened>()

  constructor(desk: BacklogDesk, clock: Clock, own: () => ReadonlyMap<string, string>) {
    this.#desk = desk
    this.#clock = clock
    this.#own = own
  }

  /**
   * Opens the folder of a channel, or a data folder with one channel. Throws `SLUICE_FILE` for what is none or cannot be
   * read, `SLUICE_CONFIG` when its events are encrypted and the key is not in `keyFile`.
   */
  async open(path: string, keyFile: string | undefined): Promise<OpenedFolder> {
    const folder = await findChannelFolder(path)
    for (const [channel, own] of this.#own())
      if ((await realpath(own).catch(() => own)) === folder)
        throw new SluiceError(
          'SLUICE_FILE',
          `${folder} is channel ${channel} of this agent: choose it in the Backlog view`,
        )
    const known = [...this.#opened.values()].find(({ store }) => store.folder === folder)
    if (known !== undefined && keyFile === undefined) return await this.#look(known)
    this.#closeUnused()
    if (known === undefined && this.#opened.size >= mostFolders)
      throw new SluiceError('SLUICE_CONTROL', `${mostFolders} folders are open: close one of them first`)
    const store: ChannelStore = { folder, keys: keyFile === undefined ? [] : readKeys(keyFile) }
    this.#desk.release(folder)
    try {
      await this.#check(store)
    } catch (error) {
      this.#desk.release(folder)
      if (keyFile !== undefined || !isSluiceError(error, 'SLUICE_CONFIG')) throw error
      throw new SluiceError('SLUICE_CONFIG', `the events in ${folder} are encrypted: give the key file of its agent`, {
        cause: error,
      })
    }
    const opened = known ?? {
      ...{ id: randomUUID(), channel: basename(folder), store },
      ...{ holder: undefined, usedAt: this.#clock.monotonic() },
    }
    opened.store = store
    this.#opened.set(opened.id, opened)
    return await this.#look(opened)
  }

  /** Those that are open, in the order in which they were opened. */
  list(): Promise<OpenedFolder[]> {
    this.#closeUnused()
    return Promise.all([...this.#opened.values()].map((opened) => describe(opened)))
  }

  async folder(id: string): Promise<OpenedFolder> {
    return await this.#look(this.#find(id))
  }

  close(id: string): void {
    const opened = this.#opened.get(id)
    if (opened === undefined) return
    this.#opened.delete(id)
    this.#desk.release(opened.store.folder)
  }

  /** True when a call's channel is an opened folder: `folder:<id>`. */
  isFolder(channel: string): boolean {
    return channel.startsWith(prefix)
  }

  /** What `folder:<id>` stands for. Throws `SLUICE_CONTROL` when it is not open (any more). */
  async store(channel: string): Promise<{ readonly store: ChannelStore; readonly channel: string }> {
    const opened = this.#find(channel.slice(prefix.length))
    await this.#look(opened)
    return { store: opened.store, channel: opened.channel }
  }

  #find(id: string): Opened {
    const opened = this.#opened.get(id)
    if (opened === undefined) throw new SluiceError('SLUICE_CONTROL', 'that folder is not open any more: open it again')
    return opened
  }

  /** Notes that it is used, and by whom: an agent that was started meanwhile has moved on from what was read. */
  async #look(opened: Opened): Promise<OpenedFolder> {
    opened.usedAt = this.#clock.monotonic()
    const before = opened.holder
    const found = await describe(opened)
    if (opened.holder !== before) this.#desk.release(opened.store.folder)
    return found
  }

  /** The books and, for the sake of its key, an event from either end. What is damaged can still be looked at. */
  async #check(store: ChannelStore): Promise<void> {
    await this.#desk.look(store, 'summary', undefined)
    for (const start of ['oldest', 'newest'] as const)
      try {
        await this.#desk.look(store, 'page', { start, limit: 1, backward: start === 'newest' })
      } catch (error) {
        if (!(error instanceof SluiceError) || error.code !== 'SLUICE_CHANNEL_CORRUPT') throw error
      }
  }

  #closeUnused(): void {
    const now = this.#clock.monotonic()
    for (const { id, usedAt } of this.#opened.values()) if (now - usedAt >= restsFor) this.close(id)
  }
}

async function describe(opened: Opened): Promise<OpenedFolder> {
  const { id, channel, store } = opened
  opened.holder = await liveHolder(store.folder)
  return { id, channel, path: store.folder, holder: opened.holder ?? null }
}

function readKeys(keyFile: string): Buffer[] {
  if (isAbsolute(keyFile)) return readKeyFile(keyFile)
  throw new SluiceError('SLUICE_CONFIG', `the key file ${keyFile} is no whole path: give one from the root on`)
}
