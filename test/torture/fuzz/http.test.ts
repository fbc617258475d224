import { afterEach, expect, test } from 'vitest'
import { eventually } from '../../agent/flow.ts'
import { RunningFlow, toLogger } from '../../agent/running-flow.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { fuzz } from './fuzz-run.ts'
import { sendHostile } from './hostile-peer.ts'
import { mutate, mutateText } from './mutation.ts'

let flow: RunningFlow | undefined
afterEach(() => flow?.end())

const words = ['"', '\\', '{', '}', '[', ']', ':', ',', 'null', '-0', '1e999', '"body":', '"headers":{', '\\ud800']
const heads = ['Content-Length: ', 'Transfer-Encoding: chunked\r\n', 'Content-Encoding: br\r\n', 'charset=', '\r\n\r\n']

test('HTTP requests and the JSON in them', async () => {
  const running = (flow = new RunningFlow())
  await running.start(toLogger('http', 'a.sources.r.port = 0\na.sources.r.bind = 127.0.0.1\n'))
  await expect.poll(() => running.port).toBeGreaterThan(0)
  const { port } = running
  const answered = new Map<string, number>()
  let sent = 0
  await fuzz({
    suite: 'http',
    inputs: 2500,
    together: 20,
    make: (random: SeededRandom, corpus) => {
      const bytes = random.pick(corpus)
      const behindHead = bytes.indexOf('\r\n\r\n') + 4
      if (random.chance(0.4)) return mutateText(random, bytes, corpus, random.chance(0.5) ? words : heads)
      const body = (random.chance(0.5) ? mutate : mutateText)(random, bytes.subarray(behindHead), corpus, words)
      return Buffer.concat([Buffer.from(`POST / HTTP/1.1\r\nHost: r\r\nContent-Length: ${body.length}\r\n\r\n`), body])
    },
    attempt: async (input) => {
      const answer = (await sendHostile({ port, host: '127.0.0.1' }, input)).toString('latin1')
      for (const [, status = ''] of answer.matchAll(/HTTP\/1\.1 (\d+)/g))
        answered.set(status, (answered.get(status) ?? 0) + 1)
      // What a client sends is the client's fault: 500 says that the source was not ready for it.
      expect(answer).not.toMatch(/HTTP\/1\.1 500/)
    },
    honest: async () => {
      const body = `honest ${sent++}`
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: JSON.stringify([{ body }]) })
      expect(response.status).toBe(200)
      await eventually(`${body} arrived`, () => running.bodies.includes(body))
      running.lines.length = 0
    },
  })
  // Both what is taken and what is refused was reached.
  expect(answered.get('200') ?? 0).toBeGreaterThan(20)
  expect(answered.get('400') ?? 0).toBeGreaterThan(200)
})
