import fs from 'node:fs'
import path from 'node:path'

/** One change that the shim wrote down: write, truncate, create, sync, failed sync, unlink, rename. */
interface Operation {
  readonly kind: 'W' | 'T' | 'C' | 'F' | 'E' | 'U' | 'R'
  readonly path: string
  readonly offset: number
  readonly data: Buffer
}

/** What happens to writes that no sync had covered when the power went. */
export const lossModes = [
  'all unsynced writes gone',
  'any 4 kB pages of them there',
  'the first of them there',
] as const
export type LossMode = (typeof lossModes)[number]

interface StoredFile {
  readonly durable: FileBytes
  pending: Operation[]
}

/** What a file holds; grows as files do, without a copy for every write. */
class FileBytes {
  #bytes = Buffer.alloc(4096)
  #length = 0

  apply({ kind, offset, data }: Operation): void {
    const length = kind === 'T' ? offset : Math.max(this.#length, offset + data.length)
    if (length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(length, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    // What is cut off comes back as zeros when the file grows again.
    if (length < this.#length) this.#bytes.fill(0, length, this.#length)
    this.#length = length
    if (kind === 'W') data.copy(this.#bytes, offset)
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }
}

type NameChange = (names: Map<string, StoredFile>) => void

/**
 * What a process did to its disk, and the disks that a power cut could have left: only what a sync covered is certain.
 * A name is certain when its folder was synced; of later changes of names any first part may be there, as file systems
 * keep those in order.
 */
export class DiskRecording {
  readonly operations: readonly Operation[]
  readonly #root: string

  constructor(log: string, root: string) {
    this.operations = readOperations(fs.readFileSync(log))
    this.#root = root
  }

  count(kind: Operation['kind'], part = ''): number {
    return this.operations.filter((one) => one.kind === kind && one.path.includes(part)).length
  }

  /**
   * Writes the disk to `folder` as it may be when the power goes after `cut` operations. Answers what file `witness`
   * held at that moment, whatever was synced: it stands for the world outside. `lies`: the disk says yes to a sync of such
   * a file and does nothing.
   */
  rebuild(
    folder: string,
    cut: number,
    mode: LossMode,
    random: () => number,
    witness: string,
    lies: (name: string) => boolean = () => false,
  ): string {
    const names = new Map<string, StoredFile>()
    const durableNames = new Map<string, StoredFile>()
    let changes: NameChange[] = []
    const change = (one: NameChange) => {
      one(names)
      changes.push(one)
    }
    for (const operation of this.operations.slice(0, cut)) {
      const { kind, path: name } = operation
      if (kind === 'C') {
        const made: StoredFile = { durable: new FileBytes(), pending: [] }
        change((all) => all.set(name, made))
      } else if (kind === 'U') change((all) => all.delete(name))
      else if (kind === 'R') {
        const moved = names.get(name)
        if (moved === undefined) throw new Error(`${name} was renamed and never made`)
        change((all) => {
          all.set(operation.data.toString(), moved)
          all.delete(name)
        })
      } else {
        const file = names.get(name)
        if (kind === 'F' && file === undefined) {
          for (const one of changes) one(durableNames)
          changes = []
        } else if (file === undefined) {
          if (kind !== 'E') throw new Error(`${kind} on ${name}, whose making was not recorded`)
        } else if (kind === 'F') {
          if (lies(name)) continue
          for (const one of file.pending) file.durable.apply(one)
          file.pending = []
        }
        // The system drops the pages of a failed sync and calls the next one good.
        else if (kind === 'E') file.pending = []
        else file.pending.push(operation)
      }
    }
    const witnessed = names.get(path.join(this.#root, witness))
    const surviving = mode === lossModes[0] ? 0 : Math.floor(random() * (changes.length + 1))
    for (const one of changes.slice(0, surviving)) one(durableNames)
    fs.mkdirSync(folder, { recursive: true })
    for (const [name, file] of durableNames) {
      const target = path.join(folder, path.relative(this.#root, name))
      fs.mkdirSync(path.dirname(target), { recursive: true })
      fs.writeFileSync(target, leftOf(file, mode, random))
    }
    const seen = new FileBytes()
    for (const one of witnessed?.pending ?? []) seen.apply(one)
    return seen.bytes().toString()
  }
}

/** Called once a file: it changes what is durable. */
function leftOf({ durable, pending }: StoredFile, mode: LossMode, random: () => number): Buffer {
  if (mode === lossModes[2]) {
    const first = Math.floor(random() * (pending.length + 1))
    for (const one of pending.slice(0, first)) durable.apply(one)
  } else if (mode === lossModes[1])
    for (const one of pending)
      for (let at = 0; at < Math.max(1, one.data.length); at += 4096)
        if (random() < 0.5) durable.apply({ ...one, offset: one.offset + at, data: one.data.subarray(at, at + 4096) })
  return durable.bytes()
}

function readOperations(log: Buffer): Operation[] {
  const operations: Operation[] = []
  for (let at = 0; at + 21 <= log.length;) {
    const kind = String.fromCharCode(log[at]!) as Operation['kind']
    const pathLength = log.readUInt32LE(at + 1)
    const offset = Number(log.readBigUInt64LE(at + 5))
    const length = Number(log.readBigUInt64LE(at + 13))
    const named = at + 21 + pathLength
    // The process was killed in the middle of a record.
    if (named + length > log.length) break
    operations.push({
      kind,
      path: log.toString('utf8', at + 21, named),
      offset,
      data: log.subarray(named, named + length),
    })
    at = named + length
  }
  return operations
}
