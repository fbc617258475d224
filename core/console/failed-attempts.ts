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

/** Who has one IPv6 address has a whole /64 of them; it has many spellings. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [left = '', right] = address.split('::')
  const groups = left === '' ? [] : left.split(':')
  const behind = right === undefined || right === '' ? [] : right.split(':')
  const zeros = right === undefined ? 0 : 8 - groups.length - behind.length
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...behind]
  return all
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':')
}
