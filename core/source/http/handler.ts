import type { BatchBuilder } from '../../event/batch-builder.ts'

/** One request as a handler sees it: its body is whole, decompressed and within the limit. */
export interface HttpRequest {
  readonly contentType: string
  readonly query: URLSearchParams
  readonly body: Buffer
}

/** Turns a request into events. Throws {@link BadRequest} when it cannot; the whole request is refused then. */
export type HttpHandler = (request: HttpRequest, events: BatchBuilder) => void

/** The client's mistake: answered with its status and text. */
export class BadRequest extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}
