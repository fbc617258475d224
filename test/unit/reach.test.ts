import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { type AddressInfo, createServer, type LookupFunction, type Server } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { systemCode } from '../../core/errors.ts'
import { reach } from '../../core/rpc/reach.ts'

let server: Server
let port: number
let accepted: number
beforeEach(async () => {
  accepted = 0
  server = createServer((socket) => {
    accepted++
    socket.on('error', () => undefined)
    socket.resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterEach(() => new Promise((resolve) => server.close(resolve)))

const named =
  (...addresses: string[]): LookupFunction =>
  (_host, _options, callback) =>
    callback(
      null,
      addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
    )

const to = (lookup: LookupFunction, signal = new AbortController().signal) =>
  reach({ host: 'tier.test', port, clock: systemClock, lookup, signal })

it('goes on to the next address at once when one refuses', async () => {
  const begin = performance.now()
  const socket = await to(named('127.0.0.2', '127.0.0.3', '::1', '127.0.0.1'))
  expect(socket.remoteAddress).toBe('127.0.0.1')
  expect(performance.now() - begin).toBeLessThan(240)
  socket.destroy()
})

it('is one connection, and stays one after the signal has aborted', async () => {
  const over = new AbortController()
  const socket = await to(named('127.0.0.1', '127.0.0.1'), over.signal)
  over.abort()
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect({ destroyed: socket.destroyed, accepted }).toEqual({ destroyed: false, accepted: 1 })
  socket.destroy()
})

it('rejects with the first error when every address refuses', async () => {
  const error: unknown = await to(named('127.0.0.2', '127.0.0.3')).catch((reason: unknown) => reason)
  expect(systemCode(error)).toBe('ECONNREFUSED')
  expect(String(error)).toContain('127.0.0.2')
})

it('rejects with the error of the look-up', async () => {
  const gone: LookupFunction = (_host, _options, callback) =>
    callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
  await expect(to(gone)).rejects.toThrow('no such name')
})

it('rejects when the signal aborts during the look-up, and connects to nothing when that ends', async () => {
  const over = new AbortController()
  let answer: () => void = () => undefined
  const waiting = to((host, options, callback) => {
    answer = () => named('127.0.0.1')(host, options, callback)
  }, over.signal)
  over.abort()
  answer()
  await expect(waiting).rejects.toThrow()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(accepted).toBe(0)
})
