import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, it } from 'vitest'
import { addUnacknowledged, unacknowledged } from '../../core/rpc/unacknowledged.ts'

const peersOf = (table: string, port: number) => {
  const peers = new Set<string>()
  addUnacknowledged(table, port, peers)
  return [...peers]
}

const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'

it('names the peers of a port that have not acknowledged everything', () => {
  const table = `${head}
   0: 8235560A:102D 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 21 1 0 100 0 0 10 0
   1: 8235560A:102D 0135560A:9C40 01 0000003A:00000000 01:00000A2F 00000005     0        0 22 2 0 6400 4 28 10 -1
   2: 8235560A:102D 0135560A:9C41 01 00000000:00000000 02:00000BC7 00000000     0        0 23 2 0 20 4 31 10 -1
   3: 8235560A:102E 0135560A:9C42 01 0000003A:00000000 01:00000A2F 00000005     0        0 24 2 0 6400 4 28 10 -1
  10: 8235560A:102D 0235560A:9C43 08 00000001:00000000 01:00000A2F 00000005     0        0 25 2 0 6400 4 28 10 -1`
  expect(peersOf(table, 4141)).toEqual(['10.86.53.1:40000', '10.86.53.2:40003'])
})

it('writes addresses of IPv6 in short, and those of IPv4 among them as such', () => {
  const local = '00000000000000000000000000000000:102D'
  const line = (address: string) =>
    `   1: ${local} ${address}:0050 01 0000003A:00000000 01:00000A2F 00000005     0        0 22 2 0\n`
  const table =
    head +
    line('0000000000000000FFFF00000135560A') +
    line('B80D0120000000000000000001000000') +
    line('00000000000000000000000001000000')
  expect(peersOf(table, 4141)).toEqual(['10.86.53.1:80', '[2001:db8::1]:80', '[::1]:80'])
})

it.skipIf(process.platform !== 'linux')('reads what the system says of real connections', async () => {
  const server = createServer({ pauseOnConnect: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect(port, '127.0.0.1').pause()
  const [socket] = (await once(server, 'connection')) as [ReturnType<typeof connect>]
  expect([...(await unacknowledged(port))]).toEqual([])
  // Nobody reads: the last of it cannot be acknowledged.
  socket.write(Buffer.alloc(32 << 20))
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect([...(await unacknowledged(port))]).toEqual([`127.0.0.1:${client.localPort}`])
  client.destroy()
  socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})
