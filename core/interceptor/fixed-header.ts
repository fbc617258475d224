import type { Batch } from '../event/batch.ts'
import type { Headers } from '../event/event.ts'
import type { Interceptor } from './interceptor.ts'
import { rewriteHeaders, withHeader } from './rewrite-headers.ts'

/** Sets one header to one value: what the host and the static interceptor do. */
export class FixedHeaderInterceptor implements Interceptor {
  readonly #change: (headers: Headers) => Headers

  constructor(name: string, value: string, preserveExisting: boolean) {
    this.#change = (headers) => withHeader(headers, name, value, preserveExisting)
  }

  interceptHeaders(headers: Headers): Headers {
    return this.#change(headers)
  }

  intercept(batch: Batch): Batch {
    return rewriteHeaders(batch, this.#change)
  }
}
