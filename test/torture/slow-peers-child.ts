/**
 * Peers of a port that hold it up, in a process of their own. Usage: node slow-peers-child.ts PORT COUNT OPENING REPEATED,
 * the last two files. A third of COUNT each: says nothing; sends OPENING a byte a second; sends half of OPENING and
 * half-closes. A few more send OPENING, then REPEATED without end, and read nothing. Says `made` when all were let in or
 * refused, and then twice a second, as a line of JSON, how many of each are still open.
 */
import fs from 'node:fs'
import { connect, type Socket } from 'node:net'

const [port = '0', count = '0', openingFile = '', repeatedFile = ''] = process.argv.slice(2)
const opening = fs.readFileSync(openingFile)
const repeated = fs.readFileSync(repeatedFile)
const manners = ['silent', 'drips', 'half-closed', 'deaf'] as const
/** It takes megabytes to fill what the system keeps between one that writes and one that does not read. */
const deaf = 2
const open: Record<string, number> = Object.fromEntries(manners.map((manner) => [manner, 0]))

function drip(socket: Socket): void {
  let at = 0
  const timer = setInterval(() => {
    if (at < opening.length) socket.write(opening.subarray(at, ++at))
  }, 1000)
  socket.once('close', () => clearInterval(timer))
}

/** Not as fast as it can: it is there to read nothing, not to be a flood. */
function shout(socket: Socket): void {
  socket.write(opening)
  const timer = setInterval(() => {
    if (socket.writable && !socket.writableNeedDrain) socket.write(repeated)
  }, 15)
  socket.once('close', () => clearInterval(timer))
}

function behave(socket: Socket, manner: (typeof manners)[number]): void {
  if (manner === 'silent') socket.resume()
  else if (manner === 'drips') drip(socket.resume())
  else if (manner === 'half-closed') socket.resume().end(opening.subarray(0, opening.length / 2))
  else shout(socket)
}

/** Resolves when it is let in, or not. */
function join(number: number): Promise<void> {
  const manner = number < deaf ? 'deaf' : manners[number % 3]!
  return new Promise((resolve) => {
    const localAddress = `127.0.0.${2 + (number % 4)}`
    const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress, allowHalfOpen: manner !== 'silent' })
    socket.pause()
    socket.once('connect', () => {
      open[manner]!++
      socket.once('close', () => open[manner]!--)
      behave(socket, manner)
      resolve()
    })
    socket.on('end', () => socket.destroy())
    socket.on('error', () => resolve())
  })
}

await Promise.all(Array.from({ length: Number(count) }, (_, number) => join(number)))
process.stdout.write('made\n')
setInterval(() => process.stdout.write(`${JSON.stringify(open)}\n`), 500)
