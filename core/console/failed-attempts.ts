import { isIPv6 } from 'node:net'
import type { Clock } from '../clock.ts'

const window = 60_000
const mostAttempts = 10
const mostAddresses = 1024

interface Record {
  readonly since: number
  count: number
}

export interface FailedAttempt {
  /** How many in this minute from this address, this one too. */
  readonly count: number
  readonly tooMany: boolean
}

/**
 * Counts wrong tokens by the address they came from. Only wrong ones are turned away sooner: who shares an address with
 * an attacker (everybody on this machine does) still comes in with the right token.
 */
export class FailedAttempts {
  readonly #clock: Clock
  readonly #records = new Map<string, Record>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(address: string): FailedAttempt {
    const now = this.#clock.monotonic()
    const key = networkOf(address)
    let record = this.#records.get(key)
    if (record === undefined || now - record.since >= window) {
      this.#records.delete(key)
      record = { since: now, count: 0 }
      this.#records.set(key, record)
      const [oldest] = this.#records.keys()
      if (this.#records.size > mostAddresses && oldest !== undefined) this.#records.delete(oldest)
    }
    record.count++
    return { count: record.count, tooMany: record.count > mostAttempts }
  }
}

/** Who has one IPv6 address has a whole /64 of them. */
function networkOf(address: string): string {
  return isIPv6(address) && !address.includes('.') ? address.split(':').slice(0, 4).join(':') : address
}
