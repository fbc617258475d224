import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { constants, createDeflate, deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { encodeHandshakeRequest } from '../../core/rpc/handshake.ts'
import { flumeHash } from '../../core/rpc/protocol.ts'
import { avroPairs, lease } from '../unit/avro-pair.ts'

const signal = new AbortController().signal
const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex')
const shake = encodeHandshakeRequest({
  clientHash: flumeHash,
  clientProtocol: undefined,
  serverHash: flumeHash,
  meta: new Map(),
})
const append = hex('00 0c617070656e64 02026b027600 0a68656c6c6f')

function frame(serial: number, message: Buffer, announced = message.length): Buffer {
  const head = Buffer.alloc(12)
  head.writeInt32BE(serial, 0)
  head.writeInt32BE(1, 4)
  head.writeInt32BE(announced, 8)
  return Buffer.concat([head, message])
}

function attacker(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  socket.resume()
  return socket
}

const closed = (socket: Socket) =>
  new Promise<void>((resolve) => {
    if (socket.destroyed || socket.readableEnded) resolve()
    socket.once('end', resolve)
    socket.once('close', () => resolve())
  })

describe('an Avro source under attack', () => {
  const { source, sink } = avroPairs()

  /** A source, and an honest client of it that must be served at any time. */
  async function target(settings: Record<string, string> = {}) {
    let events = 0
    const receiving = await source((batch) => {
      events += batch.count
      return Promise.resolve()
    }, settings)
    const compression = settings['compression-type'] ? { 'compression-type': settings['compression-type'] } : {}
    const honest = async () => {
      const { sink: sender } = await sink(receiving.source.port, compression)
      const before = events
      await sender.deliver(lease([['honest']]), signal)
      expect(events).toBeGreaterThan(before)
      await sender.stop()
    }
    await honest()
    const open = () => receiving.source.inspect().ports?.[0]?.connections.length
    return { port: receiving.source.port, honest, open }
  }

  const first = frame(1, Buffer.concat([shake, append]))
  it.each<[string, Buffer]>([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: relay\r\n\r\n')],
    ['a TLS hello', Buffer.concat([hex('1603010200010001fc0303'), randomBytes(500)])],
    ['a negative length', hex('00000001 00000001 ffffffff')],
    ['a negative count', hex('00000001 80000000')],
    ['a length of 2 GB', hex('00000001 00000001 7fffffff')],
    ['two thousand million buffers', hex('00000001 7fffffff')],
    ['an empty frame', hex('00000001 00000000')],
    ['a handshake of noise', frame(1, Buffer.alloc(200, 0xff))],
    ['half a handshake', frame(1, shake.subarray(0, 20))],
    [
      'a protocol that is no JSON',
      frame(1, Buffer.concat([Buffer.alloc(16, 1), hex('02 02 7b'), flumeHash, hex('00')])),
    ],
    ['noise behind a good call', Buffer.concat([first, hex('00000002 ffffffff')])],
  ])('closes the connection that sends %s', async (_, bytes) => {
    const { port, honest, open } = await target()
    const socket = attacker(port)
    socket.write(bytes)
    await closed(socket)
    await honest()
    socket.destroy()
    await expect.poll(open).toBe(0)
  })

  it('lives through thousands of connections of random bytes', async () => {
    const { port, honest, open } = await target({ handshakeTimeout: '200' })
    for (let round = 0; round < 30; round++) {
      const sockets = Array.from({ length: 50 }, (_, index) => {
        const socket = attacker(port)
        const random = randomBytes(1 + ((index * 37 + round) % 900))
        // Small counts and lengths get further in.
        if (index % 2 === 0) random.fill(0, 4, Math.min(7, random.length))
        if (index % 4 === 0) random.fill(0, 8, Math.min(11, random.length))
        socket.end(index % 8 === 0 ? Buffer.concat([first, random]) : random)
        return socket
      })
      await Promise.all(sockets.map(closed))
      for (const socket of sockets) socket.destroy()
    }
    await honest()
    await expect.poll(open).toBe(0)
  })

  it('closes connections that drip, stall or say nothing, and keeps those that rest between calls', async () => {
    const { port, honest, open } = await target({ handshakeTimeout: '300' })
    const silent = attacker(port)
    const drip = attacker(port)
    const stalled = attacker(port)
    stalled.write(Buffer.concat([first, hex('00000002 00000001 00000100 00')]))
    const dripsLater = attacker(port)
    dripsLater.write(Buffer.concat([first, hex('00000002 00000001 00001000')]))
    const resting = attacker(port)
    resting.write(first)
    let at = 0
    const dripping = setInterval(() => {
      drip.write(first.subarray(at, ++at))
      dripsLater.write(Buffer.alloc(1))
    }, 20)
    await Promise.all([closed(silent), closed(drip), closed(stalled), closed(dripsLater)])
    clearInterval(dripping)
    await honest()
    expect(open()).toBeGreaterThanOrEqual(1)
    resting.write(frame(2, append))
    await new Promise((resolve) => resting.once('data', resolve))
    for (const socket of [silent, drip, stalled, dripsLater, resting]) socket.destroy()
    await expect.poll(open).toBe(0)
  })

  it('answers what came before a half-open end', async () => {
    const { port, open } = await target()
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const parts: Buffer[] = []
    socket.on('data', (part) => parts.push(part))
    socket.end(first)
    await closed(socket)
    expect(Buffer.concat(parts)).toEqual(hex('00000001 00000003 00000004 00000000 00000001 00 00000002 0000'))
    await expect.poll(open).toBe(0)
  })

  it('takes no memory for what is only announced', async () => {
    const { port, honest, open } = await target({ handshakeTimeout: '1000' })
    const before = process.memoryUsage()
    const sockets = Array.from({ length: 200 }, () => {
      const socket = attacker(port)
      socket.write(frame(1, Buffer.alloc(100), 60 * 1024 * 1024))
      return socket
    })
    await expect.poll(open).toBe(200)
    await honest()
    // 200 times 60 MB were announced; what is set aside for each is at most a megabyte, and untouched.
    expect(process.memoryUsage().rss - before.rss).toBeLessThan(100 * 1024 * 1024)
    for (const socket of sockets) socket.destroy()
    await expect.poll(open).toBe(0)
  })

  it('has a limit on connections', async () => {
    const { port, open } = await target({ maxConnections: '3' })
    await expect.poll(open).toBe(0)
    const sockets = Array.from({ length: 6 }, () => attacker(port))
    await expect.poll(() => sockets.filter(({ readableEnded, destroyed }) => readableEnded || destroyed).length).toBe(3)
    for (const socket of sockets) socket.destroy()
    await expect.poll(open).toBe(0)
  })

  it('does not inflate a bomb', async () => {
    const { port, honest, open } = await target({ 'compression-type': 'deflate', maxFrameSize: '1048576' })
    const before = process.memoryUsage().rss
    // A gigabyte of a frame that never ends, in a megabyte; and one whose length is within the limit over and over.
    const zeros = Buffer.alloc(16 * 1024 * 1024)
    const bomb = createDeflate({ level: 9 })
    const parts: Buffer[] = []
    bomb.on('data', (part: Buffer) => parts.push(part))
    bomb.write(frame(1, shake, 1024 * 1024 - 1))
    for (let index = 0; index < 16; index++) bomb.write(zeros)
    await new Promise<void>((resolve) => bomb.flush(constants.Z_SYNC_FLUSH, () => resolve()))
    for (const bytes of [Buffer.concat(parts), deflateSync(zeros), randomBytes(1000)]) {
      const socket = attacker(port)
      socket.write(bytes)
      await closed(socket)
      socket.destroy()
    }
    await honest()
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024)
    await expect.poll(open).toBe(0)
  })

  it('stops reading a sender that does not read its answers', async () => {
    const { port, honest } = await target()
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => {})
    socket.pause()
    socket.write(first)
    const many = Buffer.concat(Array.from({ length: 2000 }, (_, index) => frame(index, append)))
    let written = 0
    const push = () => {
      while (written < 200 && socket.write(many)) written++
      written++
    }
    socket.on('drain', push)
    push()
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(written).toBeLessThan(200)
    await honest()
    socket.destroy()
  })
})
