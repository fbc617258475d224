/** Header names and values, both text, in the order in which they were set. */
export type Headers = ReadonlyMap<string, string>

/** One event: headers and a body. Only the edges see single events; inside Sluice they travel in a {@link Batch}. */
export interface Event {
  readonly headers: Headers
  readonly body: Buffer
}

export const noHeaders: Headers = new Map()
