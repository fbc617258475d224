/**
 * Shared memory for batches, used again instead of made anew: a fresh SharedArrayBuffer costs more than encoding the
 * events that go into it (every page is zeroed by the system and mapped at its first touch).
 */
const smallest = 64 * 1024
const largest = 8 * 1024 * 1024

export class SharedMemoryPool {
  readonly #mostBytes: number
  readonly #free = new Map<number, Buffer[]>()
  #held = 0

  /** `mostBytes`: what it keeps at hand at the most; more is left to the garbage collector. */
  constructor(mostBytes = 64 * 1024 * 1024) {
    this.#mostBytes = mostBytes
  }

  /** A buffer of at least `size` bytes, with whatever was in it before. */
  take(size: number): Buffer {
    const rounded = roundedSize(size)
    const buffer = this.#free.get(rounded)?.pop()
    if (buffer === undefined) return Buffer.from(new SharedArrayBuffer(rounded))
    this.#held -= rounded
    return buffer
  }

  /** Gives memory back. The caller is sure that nobody, in no thread, reads or writes it any more. */
  give(buffer: Buffer): void {
    const size = buffer.length
    if (size < smallest || size > largest || size !== roundedSize(size) || this.#held + size > this.#mostBytes) return
    const free = this.#free.get(size)
    if (free) free.push(buffer)
    else this.#free.set(size, [buffer])
    this.#held += size
  }
}

function roundedSize(size: number): number {
  if (size > largest) return size
  let rounded = smallest
  while (rounded < size) rounded *= 2
  return rounded
}

/** The pool of this process: a cache, so sharing it changes nothing but speed. */
export const sharedMemory = new SharedMemoryPool()
