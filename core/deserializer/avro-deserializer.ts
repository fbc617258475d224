import { SluiceError, errorText, isSluiceError } from '../errors.ts'
import { AvroCursor } from '../event/avro-bytes.ts'
import { BatchBuilder } from '../event/batch-builder.ts'
import type { Headers } from '../event/event.ts'
import { compileSkip, type Skip } from '../rpc/avro-skip.ts'
import type { FileContent } from '../source/taildir/file-content.ts'
import { type BlockPlace, type Mark, startMark } from '../source/taildir/mark.ts'
import type { Stream } from '../source/taildir/stream.ts'
import type { Turn, TurnEnd } from '../source/taildir/stream-reader.ts'
import { parseAvroSchema } from './avro-schema.ts'
import { type ContainerBlock, type ContainerHeader, readContainerBlock, readContainerHeader } from './container-file.ts'
import type { DeserializerContext, EventDeserializer } from './deserializer.ts'
import { sameContent } from './same-content.ts'
import { schemaFingerprint } from './schema-fingerprint.ts'

export const schemaTypes = ['HASH', 'LITERAL'] as const

/** A batch of this many bytes is long enough. */
const mostBatchBytes = 4 * 1024 * 1024

interface AvroSettings {
  readonly schemaType: (typeof schemaTypes)[number]
  readonly maxBlockLength: number
}

/** One file that is being read. */
interface Container {
  readonly header: ContainerHeader
  readonly skip: Skip
  readonly schemaHeader: readonly [name: string, value: string]
}

/**
 * One event a datum of an Avro container file. Datums have no place of their own in a compressed block, so a mark counts
 * events and names the block in which the next one lies. Holds one block in memory.
 */
export class AvroDeserializer implements EventDeserializer {
  readonly emptyFileIsEvent = false
  readonly inBlocks = true
  readonly #settings: AvroSettings
  readonly #context: Pick<DeserializerContext, 'channels' | 'limits'>

  constructor(settings: AvroSettings, context: Pick<DeserializerContext, 'channels' | 'limits'>) {
    this.#settings = settings
    this.#context = context
  }

  async turn(stream: Stream, turn: Turn): Promise<TurnEnd> {
    if (!(await sameContent(stream, turn.content))) return 'replaced'
    const container = await this.#open(turn.content)
    const { header } = container
    const start: BlockPlace = { at: header.end, first: 0 }
    const { offset, block: known } = stream.read
    let place = known && offset >= known.first ? known : start
    const run = new EventRun(stream, turn, this.#context, container)
    for (;;) {
      let block: ContainerBlock | undefined
      try {
        block = await readContainerBlock(turn.content, header, place.at, this.#settings.maxBlockLength)
        if (block) check(block, container, place)
      } catch (error) {
        // What came before the damage is good.
        run.flush()
        throw error
      }
      if (block === undefined) return run.flush() ? 'end' : 'blocked'
      const next: BlockPlace = { at: block.end, first: place.first + block.count }
      if (!run.add(block, place, next)) return 'blocked'
      place = next
    }
  }

  async #open(content: FileContent): Promise<Container> {
    const header = await readContainerHeader(content)
    const schema = parseAvroSchema(header.schema)
    const schemaHeader =
      this.#settings.schemaType === 'HASH'
        ? (['flume.avro.schema.hash', schemaFingerprint(schema)] as const)
        : (['flume.avro.schema.literal', header.schema] as const)
    return { header, skip: compileSkip(schema), schemaHeader }
  }
}

/** Rejects a block whose data is not just as many datums as it says, before any of them becomes an event. */
function check({ data, count }: ContainerBlock, { skip }: Container, { at }: BlockPlace): void {
  const cursor = new AvroCursor(data)
  try {
    for (let index = 0; index < count; index++) skip(cursor, 0)
  } catch (error) {
    if (!isSluiceError(error, 'SLUICE_EVENT_FORMAT')) throw error
    throw new SluiceError('SLUICE_FILE', `the block at byte ${at} is damaged: ${errorText(error)}`, { cause: error })
  }
  if (cursor.at !== data.length)
    throw new SluiceError(
      'SLUICE_FILE',
      `the block at byte ${at} is damaged: ${count} datums end at byte ${cursor.at} of ${data.length}`,
    )
}

/** Gathers the datums of blocks into batches and puts them, with the mark behind each. */
class EventRun {
  readonly #stream: Stream
  readonly #turn: Turn
  readonly #limits: DeserializerContext['limits']
  readonly #skip: Skip
  readonly #headers: Headers
  #builder = new BatchBuilder()
  #mark: Mark

  constructor(
    stream: Stream,
    turn: Turn,
    context: Pick<DeserializerContext, 'channels' | 'limits'>,
    { skip, schemaHeader }: Container,
  ) {
    this.#stream = stream
    this.#turn = turn
    this.#limits = context.limits
    this.#skip = skip
    this.#headers = context.channels.prepareHeaders(new Map([schemaHeader, ...stream.group.headers]))
    this.#builder.shareHeaders(this.#headers)
    this.#mark = stream.read
  }

  /** Adds what is not read yet of the block at `place`; false when the channels have enough for now. */
  add({ data, count }: ContainerBlock, place: BlockPlace, next: BlockPlace): boolean {
    const cursor = new AvroCursor(data)
    const from = this.#mark.offset - place.first
    for (let index = 0; index < from; index++) this.#skip(cursor, 0)
    let stop = this.#nextStop(this.#mark.offset)
    for (let index = from; index < count; index++) {
      const start = cursor.at
      this.#skip(cursor, 0)
      this.#builder.addSlice(data, start, cursor.at)
      const offset = place.first + index + 1
      const last = index + 1 === count
      const full = this.#builder.count >= this.#limits.batchSize || this.#builder.length >= mostBatchBytes
      if (!last && !full && offset !== stop) continue
      this.#mark = { ...startMark, offset, block: last ? next : place }
      if (!full && offset !== stop) continue
      if (!this.flush()) return false
      stop = this.#nextStop(offset)
    }
    return true
  }

  /** Puts what is gathered; false when the channels have enough for now. */
  flush(): boolean {
    if (this.#builder.count === 0) return true
    this.#stream.read = this.#mark
    const more = this.#turn.put(this.#builder.finish(), this.#mark, true)
    if (!more || this.#stream.broken) return false
    this.#builder = new BatchBuilder()
    this.#builder.shareHeaders(this.#headers)
    return true
  }

  #nextStop(offset: number): number | undefined {
    return this.#stream.stops.find((one) => one > offset)
  }
}
