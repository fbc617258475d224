import fs from 'node:fs'
import path from 'node:path'
import type { SeededRandom } from '../seeded-random.ts'

const kinds = ['flip', 'set', 'zero', 'cut', 'insert', 'append', 'move', 'remove', 'empty', 'replace'] as const

/** One thing done to one file of a folder. `at` and `length` are shares of the file's size, so that they fit any file. */
export interface Damage {
  readonly kind: (typeof kinds)[number]
  readonly file: string
  readonly at: number
  readonly length: number
  /** Hexadecimal; for those that write. */
  readonly bytes: string
  /** For `replace`: whose bytes it gets. */
  readonly other: string
}

/** One to four damages to the files of a folder, as the bytes of an input. */
export function inventDamage(random: SeededRandom, files: readonly string[]): Buffer {
  const damages = Array.from({ length: 1 + random.below(4) }, (): Damage => ({
    kind: random.pick(kinds),
    file: random.pick(files),
    at: random.chance(0.2) ? 0 : random.number(),
    length: random.chance(0.5) ? 0.001 : random.number(),
    bytes: random.bytes(1 + random.below(64)).toString('hex'),
    other: random.pick(files),
  }))
  return Buffer.from(JSON.stringify(damages, undefined, 1))
}

/** Does to `folder` what an input says. */
export function damage(folder: string, input: Buffer): void {
  for (const one of JSON.parse(input.toString()) as Damage[]) {
    const file = path.join(folder, one.file)
    if (!fs.existsSync(file)) continue
    const changed = damaged(fs.readFileSync(file), one, folder)
    if (changed === undefined) fs.rmSync(file)
    else fs.writeFileSync(file, changed)
  }
}

function damaged(bytes: Buffer, { kind, at: share, length: part, bytes: hex, other }: Damage, folder: string) {
  const written = Buffer.from(hex, 'hex')
  const at = Math.floor(share * bytes.length)
  const end = Math.min(bytes.length, at + 1 + Math.floor(part * bytes.length))
  switch (kind) {
    case 'flip':
      if (at < bytes.length) bytes[at]! ^= 1 << (written[0]! % 8)
      return bytes
    case 'set':
      written.copy(bytes, at)
      return bytes
    case 'zero':
      return bytes.fill(0, at, end)
    case 'cut':
      return bytes.subarray(0, at)
    case 'insert':
      return Buffer.concat([bytes.subarray(0, at), written, bytes.subarray(at)])
    case 'append':
      return Buffer.concat([bytes, bytes.subarray(at, end), written])
    case 'move':
      return Buffer.concat([bytes.subarray(at), bytes.subarray(0, at)])
    case 'empty':
      return Buffer.alloc(0)
    case 'replace': {
      const from = path.join(folder, other)
      return fs.existsSync(from) ? fs.readFileSync(from) : bytes
    }
    case 'remove':
      return undefined
  }
}
