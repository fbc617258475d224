import type { Channel, SourcePosition } from '../channel/channel.ts'
import { Batch } from '../event/batch.ts'

/**
 * The positions of one source in the channels that must have its events. A crash may leave one channel ahead of the
 * other: reading goes on at the least position, and the channels that are ahead skip what they have.
 */
export class SharedPositions {
  readonly #channels: readonly Channel[]
  /** Marks a channel that has had this source's positions from the start. Not below `<source>/`, so no key meets it. */
  readonly #marker: string
  /** Per key: how far channels were ahead when the source asked. */
  readonly #ahead = new Map<string, Map<Channel, number>>()

  /** From the source's former channels; stored by `join`. */
  readonly #inherited: SourcePosition[] = []

  constructor(source: string, channels: readonly Channel[]) {
    this.#channels = channels
    this.#marker = `${source}#joined`
  }

  inherit(positions: readonly SourcePosition[]): void {
    this.#inherited.push(...positions)
  }

  /**
   * A channel that was given to the source later begins where the others are; one that has been there from the start
   * and lacks a position lost the race with a crash, and gets the events again.
   */
  async join(): Promise<void> {
    for (const position of this.#inherited.splice(0))
      for (const channel of this.#channels)
        if (channel.position(position.key) === undefined) await channel.put(Batch.empty, { position })
    if (this.#channels.length < 2) return
    const prefix = this.#marker.replace(/#joined$/, '/')
    for (const channel of this.#channels) {
      if (channel.position(this.#marker)) continue
      const others = this.#channels.filter((other) => other !== channel && other.position(this.#marker))
      for (const position of leastPositions(others, prefix))
        if (channel.position(position.key) === undefined) await channel.put(Batch.empty, { position })
      await channel.put(Batch.empty, { position: { key: this.#marker, offset: 0, state: '{}' } })
    }
  }

  position(key: string): { position: SourcePosition; stops: readonly number[] } | undefined {
    const known = this.#channels.flatMap((channel) => {
      const position = channel.position(key)
      return position ? [{ channel, position }] : []
    })
    const [first] = known
    if (first === undefined) return undefined
    let least = first.position
    for (const { position } of known) if (position.offset < least.offset) least = position
    // A channel that has never heard of it needs it from the start.
    if (known.length < this.#channels.length) least = { ...least, offset: 0 }
    const ahead = known.filter(({ position }) => position.offset > least.offset)
    if (ahead.length === 0) this.#ahead.delete(key)
    else this.#ahead.set(key, new Map(ahead.map(({ channel, position }) => [channel, position.offset])))
    const stops = [...new Set(ahead.map(({ position }) => position.offset))].sort((a, b) => a - b)
    return { position: least, stops }
  }

  positions(prefix: string): SourcePosition[] {
    const keys = new Set(this.#channels.flatMap((channel) => channel.positions(prefix).map(({ key }) => key)))
    return [...keys].flatMap((key) => this.position(key)?.position ?? [])
  }

  /** True when `channel` already has the events that end at `position`. */
  has(channel: Channel, position: SourcePosition): boolean {
    if (this.#ahead.size === 0) return false
    const ahead = this.#ahead.get(position.key)
    const offset = ahead?.get(channel)
    if (ahead === undefined || offset === undefined) return false
    if (position.offset <= offset) return true
    ahead.delete(channel)
    if (ahead.size === 0) this.#ahead.delete(position.key)
    return false
  }

  async forget(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#ahead.delete(key)
    await Promise.all(this.#channels.map((channel) => channel.forgetPositions(keys)))
  }
}

function leastPositions(channels: readonly Channel[], prefix: string): SourcePosition[] {
  const least = new Map<string, SourcePosition>()
  for (const channel of channels)
    for (const position of channel.positions(prefix)) {
      const other = least.get(position.key)
      if (other === undefined || position.offset < other.offset) least.set(position.key, position)
    }
  return [...least.values()]
}
