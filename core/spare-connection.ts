/** What a port knows of one of its connections. */
export interface HeldConnection {
  /** Whether anything whole has come over it: a line, a request, a call. */
  readonly proven: boolean
  /** Monotonic milliseconds since when nothing whole has come; undefined while it waits for us. */
  readonly idleSince: number | undefined
}

/** Milliseconds without anything whole, after which a peer is not thought to be at work. */
const spareAfter = 10_000

/**
 * The connection that gives way when a port has no room for a new one, so that a crowd that says nothing does not keep
 * others out: the oldest over which nothing whole has come yet, then the one that is idle for longest. Undefined when all
 * are at work. `connections`: the oldest first.
 */
export function spareConnection<Connection extends HeldConnection>(
  connections: Iterable<Connection>,
  now: number,
): Connection | undefined {
  let longest: Connection | undefined
  let since = now - spareAfter
  for (const connection of connections) {
    if (connection.idleSince === undefined) continue
    if (!connection.proven) return connection
    if (connection.idleSince > since) continue
    longest = connection
    since = connection.idleSince
  }
  return longest
}
