import { readFile } from 'node:fs/promises'
import { endianness } from 'node:os'
import { systemCode } from '../errors.ts'

const tables = ['/proc/self/net/tcp', '/proc/self/net/tcp6'] as const

/**
 * The peers, as `peerName` writes them, of this port's connections with bytes that the peer's system has not acknowledged
 * (Linux: proc(5), /proc/net/tcp, `tx_queue`). The system itself asks a silent peer only when nothing waits to be
 * acknowledged; what waits it sends again for a quarter of an hour before it gives up, and Node has no TCP_USER_TIMEOUT.
 * None where the system has no such table.
 */
export async function unacknowledged(port: number): Promise<ReadonlySet<string>> {
  const peers = new Set<string>()
  for (const table of tables) {
    let text: string
    try {
      text = await readFile(table, 'latin1')
    } catch (error) {
      // Another system, or one without IPv6.
      if (systemCode(error) === 'ENOENT') continue
      throw error
    }
    addUnacknowledged(text, port, peers)
  }
  return peers
}

/** Exported for tests: the lines of one table. */
export function addUnacknowledged(table: string, port: number, peers: Set<string>): void {
  const local = port.toString(16).toUpperCase().padStart(4, '0')
  const line = /^ *\d+: [\dA-F]+:([\dA-F]{4}) ([\dA-F]+):([\dA-F]{4}) [\dA-F]{2} ([\dA-F]{8}):/gm
  for (const [, ownPort, address = '', peerPort = '', waiting] of table.matchAll(line))
    if (ownPort === local && waiting !== '00000000') peers.add(`${addressText(address)}:${parseInt(peerPort, 16)}`)
}

/** An address of the table: words of 32 bits in the byte order of the machine. */
function addressText(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  if (endianness() === 'LE') bytes.swap32()
  const isMapped = bytes.length === 16 && bytes.readUInt32BE(8) === 0xffff && bytes.readBigUInt64BE(0) === 0n
  if (bytes.length === 4 || isMapped) return [...bytes.subarray(-4)].join('.')
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16))
  // Shortens it as inet_ntop does.
  return new URL(`http://[${groups.join(':')}]`).hostname
}
