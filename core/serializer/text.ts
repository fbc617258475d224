import { z } from 'zod'
import { defineSerializer } from '../component/definition.ts'
import { flag } from '../component/settings.ts'
import { AvroCursor } from '../event/avro-bytes.ts'
import type { Batch } from '../event/batch.ts'
import type { Event } from '../event/event.ts'
import { LineSerializer } from './line-serializer.ts'

class TextSerializer extends LineSerializer {
  protected override writeLine(event: Event, out: Buffer[]): void {
    out.push(event.body)
  }

  /** Copies bodies straight out of the batch: no object an event. A body with its newline is never longer than its event. */
  writeBatch(batch: Batch): Buffer {
    const { bytes } = batch
    const out = Buffer.allocUnsafe(bytes.length)
    const cursor = new AvroCursor(bytes)
    let at = 0
    for (let index = 0; index < batch.count; index++) {
      cursor.skipMap()
      const length = cursor.length()
      bytes.copy(out, at, cursor.at, cursor.at + length)
      cursor.at += length
      at += length
      if (this.appendNewline) out[at++] = 10
    }
    return out.subarray(0, at)
  }
}

export const textSerializer = defineSerializer({
  type: 'text',
  aliases: ['org.apache.flume.serialization.BodyTextEventSerializer$Builder'],
  summary: 'The body of each event as a line.',
  settings: z.object({ appendNewline: flag().default(true).describe('Ends each event with a newline.') }),
  create: (settings) => new TextSerializer(settings.appendNewline),
})
