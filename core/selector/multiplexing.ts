import { z } from 'zod'
import { defineSelector } from '../component/definition.ts'
import { named, text, words } from '../component/settings.ts'
import { SluiceError } from '../errors.ts'
import { AvroCursor } from '../event/avro-bytes.ts'
import { BatchBuilder } from '../event/batch-builder.ts'
import { type Batch, readEvent } from '../event/batch.ts'
import { addRun } from '../event/event-runs.ts'
import type { ChannelSelector, Route } from './selector.ts'

interface Destination {
  readonly required: readonly string[]
  readonly optional: readonly string[]
}

export interface Multiplexing {
  readonly header: string
  readonly mapping: ReadonlyMap<string, readonly string[]>
  readonly optional: ReadonlyMap<string, readonly string[]>
  readonly byDefault: readonly string[]
}

/** The value of a header decides where an event goes (flume.md §1.6). */
export class MultiplexingSelector implements ChannelSelector {
  readonly required: readonly string[]
  readonly #header: string
  readonly #destinations = new Map<string, Destination>()
  readonly #default: Destination

  constructor(channels: readonly string[], settings: Multiplexing) {
    const { header, mapping, optional, byDefault } = settings
    const check = (key: string, names: readonly string[]) => {
      const unknown = names.find((name) => !channels.includes(name))
      if (unknown !== undefined)
        throw new SluiceError(
          'SLUICE_CONFIG',
          `selector.${key} names ${unknown}, which is no channel of the source: give ${channels.join(', ')}`,
        )
    }
    check('default', byDefault)
    for (const [value, names] of mapping) check(`mapping.${value}`, names)
    for (const [value, names] of optional) check(`optional.${value}`, names)
    this.#header = header
    this.#default = { required: byDefault, optional: [] }
    for (const value of new Set([...mapping.keys(), ...optional.keys()])) {
      // A value with optional channels only keeps the default ones as required, as Flume has it.
      const required = mapping.get(value) ?? byDefault
      const others = (optional.get(value) ?? []).filter((name) => !required.includes(name))
      this.#destinations.set(value, { required, optional: others })
    }
    const everyRequired = new Set([...byDefault, ...[...this.#destinations.values()].flatMap((one) => one.required)])
    this.required = channels.filter((name) => everyRequired.has(name))
  }

  select(batch: Batch): Route[] {
    const { bytes, count } = batch
    const cursor = new AvroCursor(bytes)
    const split = new SplitBatch(batch)
    let lastStart = -1
    let lastEnd = -1
    let destination = this.#default
    for (let index = 0; index < count; index++) {
      const start = cursor.at
      cursor.skipMap()
      const end = cursor.at
      cursor.skip()
      if (lastStart < 0 || bytes.compare(bytes, lastStart, lastEnd, start, end) !== 0) {
        destination = this.#destination(bytes, start)
        lastStart = start
        lastEnd = end
      }
      split.add(destination, start, cursor.at)
    }
    return split.routes()
  }

  #destination(bytes: Buffer, start: number): Destination {
    const value = readEvent(new AvroCursor(bytes, start)).headers.get(this.#header)
    if (value === undefined || value.trim() === '') return this.#default
    return this.#destinations.get(value) ?? this.#default
  }
}

/** The parts of one batch by destination; a batch with one destination is passed on without a copy. */
class SplitBatch {
  readonly #batch: Batch
  #only: Destination | undefined
  #runs: { destination: Destination; start: number; end: number; count: number }[] = []

  constructor(batch: Batch) {
    this.#batch = batch
  }

  add(destination: Destination, start: number, end: number): void {
    const last = this.#runs.at(-1)
    if (last?.destination === destination) {
      last.end = end
      last.count++
      return
    }
    this.#only = this.#runs.length === 0 ? destination : undefined
    this.#runs.push({ destination, start, end, count: 1 })
  }

  routes(): Route[] {
    if (this.#only) {
      const { required, optional } = this.#only
      const batch = this.#batch
      return [
        ...required.map((channel) => ({ channel, required: true, batch })),
        ...optional.map((channel) => ({ channel, required: false, batch })),
      ]
    }
    const required = this.#builders(({ required }) => required)
    const optional = this.#builders(({ optional }) => optional)
    // A channel that is required for some events of the batch and optional for others gets them in their order.
    for (const channel of required.keys()) {
      if (!optional.delete(channel)) continue
      const both = this.#builders((one) =>
        one.required.includes(channel) || one.optional.includes(channel) ? [channel] : [],
      ).get(channel)
      if (both) required.set(channel, both)
    }
    return [
      ...[...required].map(([channel, part]) => ({ channel, required: true, batch: this.#finished(part) })),
      ...[...optional].map(([channel, part]) => ({ channel, required: false, batch: this.#finished(part) })),
    ]
  }

  #finished({ builder, taken }: Part): Batch {
    return builder.finish(this.#batch.take(taken))
  }

  #builders(channels: (destination: Destination) => readonly string[]): Map<string, Part> {
    const parts = new Map<string, Part>()
    const { bytes } = this.#batch
    let index = 0
    for (const { destination, start, end, count } of this.#runs) {
      for (const channel of channels(destination)) {
        const part = parts.get(channel) ?? { builder: new BatchBuilder(bytes.length), taken: [] }
        parts.set(channel, part)
        part.builder.addEncodedRun(bytes, start, end, count)
        addRun(part.taken, index, index + count)
      }
      index += count
    }
    return parts
  }
}

/** What goes into one channel. */
interface Part {
  readonly builder: BatchBuilder
  readonly taken: [number, number][]
}

const lists = (record: Readonly<Record<string, string>>) =>
  new Map(Object.entries(record).map(([value, names]) => [value, names.split(/\s+/).filter((name) => name !== '')]))

export const multiplexingSelector = defineSelector({
  type: 'multiplexing',
  aliases: ['org.apache.flume.channel.MultiplexingChannelSelector'],
  summary: 'Chooses the channels of each event by the value of one of its headers.',
  differences: ['Events that go nowhere, because there is no default, are counted as dropped.'],
  settings: z.object({
    header: text().default('flume.selector.header').describe('The header whose value decides.'),
    'mapping.*': named().default({}).describe('`mapping.<value>`: the channels for that value.'),
    'optional.*': named()
      .default({})
      .describe('`optional.<value>`: channels for that value whose failure is not waited for.'),
    default: words().default([]).describe('The channels for every other value and for none.'),
  }),
  create: (settings, context) =>
    new MultiplexingSelector(context.channels, {
      header: settings.header,
      mapping: lists(settings['mapping.*']),
      optional: lists(settings['optional.*']),
      byDefault: settings.default,
    }),
})
