import { z } from 'zod'
import { defineSerializer } from '../component/definition.ts'
import { flag } from '../component/settings.ts'
import type { Event } from '../event/event.ts'
import { LineSerializer } from './line-serializer.ts'

class HeaderAndTextSerializer extends LineSerializer {
  protected override writeLine({ headers, body }: Event, out: Buffer[]): void {
    const pairs = [...headers].map(([key, value]) => `${key}=${value}`).join(', ')
    out.push(Buffer.from(`{${pairs}} `), body)
  }
}

export const headerAndTextSerializer = defineSerializer({
  type: 'header_and_text',
  aliases: ['org.apache.flume.serialization.HeaderAndBodyTextEventSerializer$Builder'],
  summary: 'Headers in braces, a blank, and the body of each event as a line.',
  settings: z.object({ appendNewline: flag().default(true).describe('Ends each event with a newline.') }),
  create: (settings) => new HeaderAndTextSerializer(settings.appendNewline),
})
