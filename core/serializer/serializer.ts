import type { Batch } from '../event/batch.ts'
import type { Event } from '../event/event.ts'

/** Turns events into the bytes of a file (`text`, `header_and_text`, `avro_event`). One serializer serves one file. */
export interface EventSerializer {
  /** The bytes that a new file starts with. */
  begin(): Buffer
  /** Appends one event's bytes to `out`. */
  write(event: Event, out: Buffer[]): void
  /** The bytes of a whole batch at once, where that is faster than event by event. */
  writeBatch?(batch: Batch): Buffer
  /** What must be written so that all events so far can be read (an Avro block), at the end of each batch. */
  flush(out: Buffer[]): void
  /** The bytes that the file ends with. */
  end(): Buffer
  /** True when an existing file may be continued. */
  readonly appendable: boolean
}
