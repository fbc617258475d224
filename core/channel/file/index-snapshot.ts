import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { SluiceError, systemCode } from '../../errors.ts'
import { ChannelState } from './channel-state.ts'
import { IndexDatabase } from './index-database.ts'
import { indexVersion } from './index-schema.ts'
import { indexPath } from './segment-files.ts'

/** The index of a folder opened to look at: of a running channel, a stopped one, or a copy on a read-only disk. */
export class IndexSnapshot {
  readonly index: IndexDatabase
  readonly #copy: string | undefined

  /** Throws `SLUICE_FILE` when there is no index, SQLite's error when it is damaged. */
  constructor(folder: string) {
    const file = indexPath(folder)
    if (!fs.existsSync(file))
      throw new SluiceError('SLUICE_FILE', `${folder} has no index.db: it is no channel folder, or fsck must repair it`)
    let copy: string | undefined
    try {
      this.index = new IndexDatabase(file, true)
    } catch (error) {
      if (!/^SQLITE_(CANTOPEN|READONLY)/.test(systemCode(error) ?? '')) throw error
      // A log cannot be read where its shared memory cannot be made: look at a copy.
      copy = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-index-'))
      for (const suffix of ['', '-wal'])
        if (fs.existsSync(file + suffix)) fs.copyFileSync(file + suffix, indexPath(copy) + suffix)
      this.index = new IndexDatabase(indexPath(copy))
    }
    this.#copy = copy
  }

  /** The books as of now. */
  state(): ChannelState {
    return this.index.atOnce(() => {
      const row = this.index.channel()
      if (row === undefined) throw new SluiceError('SLUICE_CHANNEL_CORRUPT', 'the index is empty')
      if (row.version !== indexVersion)
        throw new SluiceError('SLUICE_CHANNEL_CORRUPT', `the index has layout ${row.version}, not ${indexVersion}`)
      const state = new ChannelState(row.id)
      this.index.load(state, row)
      return state
    })
  }

  close(): void {
    this.index.close()
    if (this.#copy !== undefined) fs.rmSync(this.#copy, { recursive: true, force: true })
  }
}
