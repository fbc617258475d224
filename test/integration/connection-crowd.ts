/**
 * Run as a program: opens so many connections to a port, keeps each for as long as it is let, and says what came of them
 * as one JSON line when its stdin ends. `silent` sends nothing, `slow` a head that never ends, a byte now and then.
 */
import { connect, type Socket } from 'node:net'

const [port = '0', wanted = '0', manner = 'silent'] = process.argv.slice(2)
/** Connections that are being made at any time: more than a server accepts in one turn. */
const atOnce = 1000
const open = new Set<Socket>()
let begun = 0
let made = 0
let refused = 0
let most = 0

function join(): Promise<void> {
  return new Promise((resolve) => {
    // One address has 28,000 ports to come from; a few addresses leave some to others.
    const localAddress = `127.0.0.${2 + (begun++ % 4)}`
    const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress }, () => {
      made++
      open.add(socket)
      most = Math.max(most, open.size)
      if (manner === 'slow') socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ')
      resolve()
    })
    socket.on('error', () => {
      if (!open.has(socket)) refused++
      resolve()
    })
    socket.once('close', () => open.delete(socket))
    socket.resume()
  })
}

async function crowd(): Promise<void> {
  const line = async () => {
    while (begun < Number(wanted)) await join()
  }
  await Promise.all(Array.from({ length: atOnce }, line))
  process.stdout.write(`${JSON.stringify({ made, refused })}\n`)
}

if (manner === 'slow') setInterval(() => open.forEach((socket) => socket.write('x')), 500).unref()
process.stdin.resume().once('end', () => {
  process.stdout.write(`${JSON.stringify({ held: open.size, most })}\n`)
  process.exit(0)
})
await crowd()
