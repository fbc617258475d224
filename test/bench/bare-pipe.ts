/**
 * The peer of the end-to-end figure: one process reads a file, splits it into lines and writes each line to a socket; another
 * reads the socket and counts. No durability, no framing, no acknowledgement. `views` hands each line on as an object of its own,
 * as any line splitter does; `blocks` only finds the newlines and writes what lies between in one piece, which is the least that
 * can be called splitting.
 *
 * Usage: bare-pipe.ts receive            prints `port N`, `first` when bytes come, `lines N` at the end
 *        bare-pipe.ts send FILE PORT views|blocks
 */
import { open } from 'node:fs/promises'
import { connect, createServer } from 'node:net'

const newline = 10

function receive(): void {
  const server = createServer((socket) => {
    let lines = 0
    socket.once('data', () => console.log('first'))
    socket.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) lines++
    })
    socket.on('end', () => {
      socket.end()
      console.log(`lines ${lines}`)
      server.close()
    })
  }).listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object' && address !== null) console.log(`port ${address.port}`)
  })
}

async function send(path: string, port: number, views: boolean): Promise<void> {
  const file = await open(path)
  const socket = connect(port, '127.0.0.1')
  let rest = Buffer.alloc(0)
  for (;;) {
    const chunk = Buffer.allocUnsafe(256 * 1024)
    const { bytesRead } = await file.read(chunk, 0, chunk.length)
    if (bytesRead === 0) break
    const bytes = rest.length === 0 ? chunk.subarray(0, bytesRead) : Buffer.concat([rest, chunk.subarray(0, bytesRead)])
    let start = 0
    let flowing = true
    if (views) socket.cork()
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, start)) {
      if (views) flowing = socket.write(bytes.subarray(start, at + 1))
      start = at + 1
    }
    if (views) socket.uncork()
    else flowing = socket.write(bytes.subarray(0, start))
    rest = bytes.subarray(start)
    if (!flowing) await new Promise((resolve) => socket.once('drain', resolve))
  }
  await new Promise((resolve) => socket.once('close', resolve).end(rest).resume())
  await file.close()
}

const [, , mode, path = '', port = '', form] = process.argv
if (mode === 'receive') receive()
else await send(path, Number(port), form === 'views')
