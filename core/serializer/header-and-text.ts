import { z } from 'zod'
import { defineSerializer } from '../component/definition.ts'
import { flag } from '../component/settings.ts'
import type { Event } from '../event/event.ts'
import type { EventSerializer } from './serializer.ts'

const nothing = Buffer.alloc(0)
const newline = Buffer.from('\n')

class HeaderAndTextSerializer implements EventSerializer {
  readonly appendable = true
  readonly #appendNewline: boolean

  constructor(appendNewline: boolean) {
    this.#appendNewline = appendNewline
  }

  begin(): Buffer {
    return nothing
  }

  write({ headers, body }: Event, out: Buffer[]): void {
    const pairs = [...headers].map(([key, value]) => `${key}=${value}`).join(', ')
    out.push(Buffer.from(`{${pairs}} `), body)
    if (this.#appendNewline) out.push(newline)
  }

  flush(): void {
    // Every event is complete as it stands.
  }

  end(): Buffer {
    return nothing
  }
}

export const headerAndTextSerializer = defineSerializer({
  type: 'header_and_text',
  aliases: ['org.apache.flume.serialization.HeaderAndBodyTextEventSerializer$Builder'],
  summary: 'Headers in braces, a blank, and the body of each event as a line.',
  settings: z.object({ appendNewline: flag().default(true).describe('Ends each event with a newline.') }),
  create: (settings) => new HeaderAndTextSerializer(settings.appendNewline),
})
