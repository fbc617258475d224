import { HttpRefusal } from '../control/http-carrier.ts'

/** What a request asks for: its path in decoded segments, and its query. */
export interface RequestTarget {
  /** `/agents/a%20b` is `['agents', 'a b']`; `/` is `['']`. */
  readonly segments: readonly string[]
  /** As it was sent, with its question mark; empty when there is none. */
  readonly search: string
}

/** Throws what is to be answered for anything but a path. Dots mean nothing here: a segment is a name, never a step. */
export function requestTarget(url: string | undefined): RequestTarget {
  if (!url?.startsWith('/')) throw new HttpRefusal(400, 'SLUICE_CONTROL', 'ask for a path that begins with /')
  const query = url.indexOf('?')
  const path = query === -1 ? url : url.slice(0, query)
  try {
    return { segments: path.slice(1).split('/').map(decodeURIComponent), search: query === -1 ? '' : url.slice(query) }
  } catch {
    throw new HttpRefusal(400, 'SLUICE_CONTROL', 'the path is not encoded as URLs are')
  }
}
