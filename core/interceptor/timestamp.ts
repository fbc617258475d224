import { z } from 'zod'
import type { Clock } from '../clock.ts'
import { defineInterceptor } from '../component/definition.ts'
import { flag, text } from '../component/settings.ts'
import type { Batch } from '../event/batch.ts'
import type { Headers } from '../event/event.ts'
import type { Interceptor } from './interceptor.ts'
import { rewriteHeaders, withHeader } from './rewrite-headers.ts'

class TimestampInterceptor implements Interceptor {
  readonly #clock: Clock
  readonly #header: string
  readonly #preserveExisting: boolean

  constructor(clock: Clock, header: string, preserveExisting: boolean) {
    this.#clock = clock
    this.#header = header
    this.#preserveExisting = preserveExisting
  }

  interceptHeaders(headers: Headers): Headers {
    return withHeader(headers, this.#header, String(this.#clock.now()), this.#preserveExisting)
  }

  intercept(batch: Batch): Batch {
    const now = String(this.#clock.now())
    return rewriteHeaders(batch, (headers) => withHeader(headers, this.#header, now, this.#preserveExisting))
  }
}

export const timestampInterceptor = defineInterceptor({
  type: 'timestamp',
  aliases: ['org.apache.flume.interceptor.TimestampInterceptor$Builder'],
  summary: 'Sets a header to the time at which the event came in, in milliseconds since the epoch.',
  differences: ['All events of one batch get the same time.'],
  settings: z.object({
    headerName: text().default('timestamp').describe('The header that is set.'),
    preserveExisting: flag().default(false).describe('Whether a value that is already there is kept.'),
  }),
  create: (settings, context) =>
    new TimestampInterceptor(context.clock, settings.headerName, settings.preserveExisting),
})
