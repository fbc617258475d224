import { connect, type NetConnectOpts } from 'node:net'
import { crc32 } from 'node:zlib'
import { SeededRandom } from '../seeded-random.ts'

/**
 * Sends bytes in pieces whose cuts follow from the bytes, half-closes, and resolves with what came back when the other
 * side has closed; it rejects when that takes more than `milliseconds`.
 */
export async function sendHostile(to: NetConnectOpts, bytes: Buffer, milliseconds = 8_000): Promise<Buffer> {
  const random = new SeededRandom(crc32(bytes))
  const socket = connect({ ...to, allowHalfOpen: true, noDelay: true })
  const answers: Buffer[] = []
  socket.on('data', (answer: Buffer) => answers.push(answer))
  const closed = new Promise<void>((resolve) => {
    // A reset is one way to be closed.
    socket.on('error', () => undefined)
    socket.once('close', resolve)
    socket.once('end', () => socket.destroy())
  })
  const late = new AbortController()
  const timer = setTimeout(() => {
    late.abort()
    socket.destroy()
  }, milliseconds)
  for (let at = 0; at < bytes.length && !socket.destroyed;) {
    const size = random.chance(0.3) ? 1 + random.below(12) : 1 + random.below(4000)
    socket.write(bytes.subarray(at, at + size))
    at += size
    if (random.chance(0.5)) await new Promise((resolve) => setImmediate(resolve))
  }
  if (!socket.destroyed) socket.end()
  await closed
  clearTimeout(timer)
  if (late.signal.aborted) throw new Error(`the connection was still open ${milliseconds} ms after its last byte`)
  return Buffer.concat(answers)
}
