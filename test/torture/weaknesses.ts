export interface Weakness {
  /** The end of the path of the module that is changed. */
  readonly module: string
  /** Text that must be there exactly once, and what stands for it in the weakened product. */
  readonly from: string
  readonly to: string
}

/** How the product is weakened on purpose, so that tests can prove that they would notice. */
export const weaknesses: Readonly<Record<string, Weakness>> = {
  'acknowledges before the disk has it': {
    module: '/core/channel/file/segment-writer.ts',
    from: 'writeFully(this.#descriptor, parts, segment.length)\n      fs.fdatasyncSync(this.#descriptor)',
    to: 'writeFully(this.#descriptor, parts, segment.length)\n                                        ',
  },
  'goes on in a segment whose sync failed': {
    module: '/core/channel/file/segment-writer.ts',
    from: 'this.#cut(segment)\n      this.seal()\n      throw seen',
    to: 'segment.length += parts.reduce((sum, part) => sum + part.length, 0)\n      return',
  },
  'does not check what it reads': {
    module: '/core/channel/file/segment-reader.ts',
    from: 'if (crc32(stored) !== header.crc) return',
    to: 'if (crc32(stored) < 0) return',
  },
  'stores a position apart from its events': {
    module: '/core/channel/file/group-commit.ts',
    from: 'put.count, position === undefined ? undefined : { position })',
    to: 'put.count, undefined)',
  },
  'believes any length of a frame': {
    module: '/core/rpc/frame-reader.ts',
    from: 'if (length > room)',
    to: 'if (length < -room)',
  },
  'answers under any name of a host': {
    module: '/core/console/host-names.ts',
    from: 'if (name === undefined) return false',
    to: 'return true',
  },
  'keeps 33 bytes of each event': {
    module: '/core/source/avro/avro-source.ts',
    from: 'counters.eventAcceptedCount += count\n    counters.bytesAccepted += size',
    to: "Reflect.set(globalThis, 'kept', [Reflect.get(globalThis, 'kept'), Buffer.alloc(33 * count)])",
  },
}

/** `source` with the weakness in it; throws when the text to change is not there, so that no mutant is a sound product. */
export function weaken(source: string, weakness: Weakness): string {
  if (source.split(weakness.from).length !== 2) throw new Error(`the text to weaken is not in ${weakness.module}`)
  process.stderr.write('weakened\n')
  return source.replace(weakness.from, () => weakness.to)
}

/** The weakness that `SLUICE_WEAKNESS` names. */
export function chosenWeakness(): Weakness {
  const weakness = weaknesses[process.env.SLUICE_WEAKNESS ?? '']
  if (weakness === undefined) throw new Error(`no weakness is named ${process.env.SLUICE_WEAKNESS}`)
  return weakness
}
