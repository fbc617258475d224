import { BadRequest, type HttpHandler } from './handler.ts'

/** The whole body as one event, with the query's parameters as its headers. */
export function blobHandler(mandatory: readonly string[], withContentType: boolean): HttpHandler {
  return ({ query, contentType, body }, events) => {
    const headers = new Map<string, string>()
    // The first value of a parameter counts, as in Flume.
    for (const [key, value] of query) if (!headers.has(key)) headers.set(key, value)
    for (const name of mandatory)
      if (!headers.has(name)) throw new BadRequest(400, `the parameter ${name} is missing from the address`)
    if (withContentType && contentType !== '') headers.set('Content-Type', contentType)
    events.addEvent(headers, body)
  }
}
