import { connect, createServer } from 'node:net'
import type { LookupAddress } from 'node:dns'
import { expect, test } from 'vitest'
import { sharedLookup } from '../../core/rpc/shared-lookup.ts'

const loopback: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

test('who asks for a name that is being looked up gets what that finds; who asks later has it looked up anew', () => {
  const asked: { host: string; answer: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void }[] =
    []
  const lookup = sharedLookup((host, _options, answer) => asked.push({ host, answer }))
  const answers: unknown[] = []
  const ask = (host: string, all: boolean) => lookup(host, { all }, (...answer) => answers.push(answer))
  for (let times = 5; times > 0; times--) ask('a', true)
  ask('a', false)
  ask('b', true)
  expect(asked.map(({ host }) => host)).toEqual(['a', 'b'])
  asked[0]!.answer(null, loopback)
  expect(answers).toEqual([...Array.from({ length: 5 }, () => [null, loopback]), [null, '127.0.0.1', 4]])
  const gone = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
  asked[1]!.answer(gone, [])
  expect(answers.at(-1)).toEqual([gone, []])
  ask('a', true)
  ask('b', true)
  expect(asked).toHaveLength(4)
})

test('a connection is made with what the system finds', async () => {
  const server = createServer((socket) => socket.end('here'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const said = await new Promise((resolve, reject) =>
    connect({ host: 'localhost', port, lookup: sharedLookup() })
      .once('data', String)
      .once('data', resolve)
      .once('error', reject),
  )
  expect(String(said)).toBe('here')
  await new Promise((resolve) => server.close(resolve))
})
