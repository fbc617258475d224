import type { ComponentContext } from '../component/definition.ts'
import type { ChannelProcessor } from '../source/source.ts'
import type { Stream } from '../source/taildir/stream.ts'
import type { Turn, TurnEnd } from '../source/taildir/stream-reader.ts'
import type { TextForm } from '../source/taildir/text-form.ts'

/** What a deserializer gets of the source that it reads for. */
export interface DeserializerContext extends ComponentContext {
  readonly channels: Pick<ChannelProcessor, 'prepareHeaders'>
  /** How text lies in the files, and what becomes of bytes that are none. */
  readonly form: TextForm
  /** The source lowers it when a channel cannot take batches of that size. */
  readonly limits: { readonly batchSize: number }
}

/**
 * Makes events of finished files (`LINE`, `AVRO`, `BLOB`). One deserializer serves one source, a file at a time. It keeps
 * nothing of a file between two turns that is not in the stream's mark: a killed agent goes on from there.
 */
export interface EventDeserializer {
  /** True when a file of no bytes is an event with an empty body, as Flume has it; otherwise it comes to `turn`. */
  readonly emptyFileIsEvent: boolean
  /** True when its marks are places in blocks (`Mark.block`), false when they are bytes of the file. */
  readonly inBlocks: boolean
  /**
   * Reads on from `stream.read`, moves it, and puts each batch with the mark behind it, until the file ends or `put` says
   * that it is enough; no batch reaches across one of `stream.stops`. Rejects with `SLUICE_FILE` or `SLUICE_EVENT_FORMAT`
   * when the file is not what it should be: what came before that place has been put.
   */
  turn(stream: Stream, turn: Turn): Promise<TurnEnd>
}
