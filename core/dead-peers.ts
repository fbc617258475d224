/**
 * For the sockets of long connections, ours and those that come in: a peer whose machine or network is gone never says so.
 * After 30 silent seconds the system asks, ten times a second apart, and ends a connection that does not answer. Node's own
 * default for a server is that of the system: two hours.
 */
export const endsDeadPeers = { keepAlive: true, keepAliveInitialDelay: 30_000 } as const

/** Milliseconds in which a peer's system acknowledges what was sent, if it is there: as long as it may leave questions open. */
export const unansweredFor = 40_000
