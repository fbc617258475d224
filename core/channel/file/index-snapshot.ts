import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { SluiceError, systemCode } from '../../errors.ts'
import { ChannelState } from './channel-state.ts'
import { IndexDatabase } from './index-database.ts'
import { indexVersion } from './index-schema.ts'
import { indexPath } from './segment-files.ts'

/**
 * The index of a folder opened to look at: of a running channel, a stopped one, or a copy on a read-only disk. Nothing
 * is made in the folder: of a channel that was closed, a copy of the index is read, because SQLite would leave two files
 * beside the index itself.
 */
export class IndexSnapshot {
  readonly index: IndexDatabase
  readonly #copy: string | undefined

  /** Throws `SLUICE_FILE` when there is no index, SQLite's error when it is damaged. */
  constructor(folder: string) {
    const file = indexPath(folder)
    if (!fs.existsSync(file))
      throw new SluiceError('SLUICE_FILE', `${folder} has no index.db: it is no channel folder, or fsck must repair it`)
    const { index, copy } = closedIndex(file) ?? openIndex(file)
    this.index = index
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

interface OpenedIndex {
  readonly index: IndexDatabase
  /** The folder of a copy, to be removed at the end. */
  readonly copy: string | undefined
}

function openIndex(file: string): OpenedIndex {
  // The log without its shared memory: somebody copied the folder. It is not to get one by being looked at.
  if (fs.existsSync(`${file}-wal`) && !fs.existsSync(`${file}-shm`)) return copiedIndex(file)
  try {
    return { index: new IndexDatabase(file, true), copy: undefined }
  } catch (error) {
    if (!/^SQLITE_(CANTOPEN|READONLY)/.test(systemCode(error) ?? '')) throw error
    // A log cannot be read where its shared memory cannot be made.
    return copiedIndex(file)
  }
}

function copiedIndex(file: string): OpenedIndex {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-index-'))
  for (const suffix of ['', '-wal'])
    if (fs.existsSync(file + suffix)) fs.copyFileSync(file + suffix, indexPath(copy) + suffix)
  return { index: new IndexDatabase(indexPath(copy)), copy }
}

/** Where SQLite's file says how it is written and read: 2 with a log beside it, 1 without. */
const logMode = 18

/** A copy of the index of a channel that nobody has open and that was closed in order; undefined for any other. */
function closedIndex(file: string): OpenedIndex | undefined {
  const inUse = () => fs.existsSync(`${file}-shm`) || fs.existsSync(`${file}-wal`)
  // Windows removes no file that is open; there the two files are left.
  if (inUse() || process.platform === 'win32') return undefined
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-index-'))
  try {
    const copy = indexPath(folder)
    fs.copyFileSync(file, copy, fs.constants.COPYFILE_FICLONE)
    // Somebody has opened it meanwhile: what was copied may be half of what is there now.
    if (inUse()) return undefined
    fs.chmodSync(copy, 0o600)
    const handle = fs.openSync(copy, 'r+')
    try {
      fs.writeSync(handle, Buffer.of(1, 1), 0, 2, logMode)
    } finally {
      fs.closeSync(handle)
    }
    return { index: new IndexDatabase(copy, true), copy: undefined }
  } finally {
    // It stays open without a name, and goes with whoever reads it, even one who is killed.
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
