import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../../agent/flow.ts'
import { ConsoleRig, fullToken, readToken } from '../../integration/console-rig.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { fuzz } from './fuzz-run.ts'
import { sendHostile } from './hostile-peer.ts'
import { mutate, mutateText } from './mutation.ts'

const words = [
  ...[
    '/agents/',
    'a1',
    '/call/',
    '/subscribe/',
    '/export/',
    '/session',
    '/sign-in',
    '/sign-out',
    '?token=',
    '?params=',
  ],
  ...['status', 'pause', 'resume', 'drain', 'setRate', 'events', '../', '%2e%2e%2f', '%00', '%', '//', '\\', '#', '*'],
  ...['Host: ', 'Host: evil.example.org\r\n', 'Origin: http://evil.example.org\r\n', 'Cookie: sluice=', 'Bearer '],
  ...[
    'Sec-Fetch-Site: cross-site\r\n',
    'Content-Length: ',
    'Transfer-Encoding: chunked\r\n',
    'Range: bytes=',
    '\r\n\r\n',
  ],
  ...[
    'Content-Encoding: br\r\n',
    'Expect: 100-continue\r\n',
    '{"',
    '}',
    '[',
    ']',
    'null',
    '1e999',
    '__proto__',
    '\r\n ',
  ],
]
const wrongToken = 'a-token-that-is-nobodys-at-all--'
/** In inputs tokens stand as names, so that a kept one says whose it was; ports differ from run to run. */
const names: Readonly<Record<string, string>> = { FULL: fullToken, READ: readToken, WRONG: wrongToken }

let rig: ConsoleRig
beforeEach(async () => {
  rig = new ConsoleRig()
  await rig.start()
  fs.writeFileSync(path.join(rig.exports, 'kept.jsonl'), '{"headers":{},"body":"exported"}\n')
})
afterEach(() => rig.end())

const calls = [
  'status',
  'pause',
  'resume',
  'setRate',
  'history',
  'events',
  'config',
  'acknowledge',
  'backlogPage',
  'drop',
]
const bodies = [
  '{}',
  '{"component":"k1"}',
  '{"channel":"c1","rate":10}',
  '{"series":"c1","from":0,"to":1e13,"points":9}',
]
  .concat([
    '{"limit":5}',
    '{"channel":"c1","from":0,"limit":10}',
    '[{"ids":"all"}]',
    '{"__proto__":{"role":"configure"}}',
  ])
  .map((text) => Buffer.from(text))
const paths = [
  '/session',
  '/',
  '/assets/index-Ab1_cD-2.js',
  '/agents/a1/subscribe/status',
  '/agents/a1/subscribe/events',
]
  .concat([
    '/agents/a1/call/status?params=%7B%7D',
    '/agents/a1/export/kept.jsonl',
    '/icon.svg',
    '/agents/a1/export/..%2fx',
  ])
  .map((text) => Buffer.from(text))
const headers = [
  '',
  'Range: bytes=3-',
  'Accept-Encoding: br',
  'If-None-Match: *',
  'Origin: http://evil.example.org',
  'Cookie: a',
]

/** A request whose head is sound, so that what is mutated in it gets as far as it can. */
function soundHead(random: SeededRandom, token: string): Buffer {
  const common = `Host: 127.0.0.1:@PORT@\r\nAuthorization: Bearer @${token}@\r\n${random.pick(headers)}\r\n`.replace(
    /\r\n\r\n$/,
    '\r\n',
  )
  if (random.chance(0.5)) {
    const body = random.chance(0.6) ? random.pick(bodies) : mutateText(random, random.pick(bodies), bodies, words)
    const head = `POST /agents/a1/call/${random.pick(calls)} HTTP/1.1\r\n${common}Content-Type: application/json\r\n`
    return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body])
  }
  const mutated = random.chance(0.6) ? random.pick(paths) : mutateText(random, random.pick(paths), paths, words)
  const path = mutated.toString('latin1').replaceAll(/[^!-~]/g, '%20')
  return Buffer.from(
    `${random.pick(['GET', 'GET', 'HEAD', 'DELETE'])} /${path.replace(/^\//, '')} HTTP/1.1\r\n${common}\r\n`,
  )
}

/** Mutated requests, in each of which every token is one of `tokens`. */
function requests(...tokens: readonly string[]) {
  return (random: SeededRandom, corpus: readonly Buffer[]): Buffer => {
    if (random.chance(0.6)) return soundHead(random, random.pick(tokens))
    const given = corpus.map((bytes) => {
      const token = `@${random.pick(tokens)}@`
      return Buffer.from(bytes.toString('latin1').replaceAll('@TOKEN@', token), 'latin1')
    })
    const bytes = random.pick(given)
    return random.chance(0.4) ? mutate(random, bytes, given) : mutateText(random, bytes, given, words)
  }
}

/** Sends `input` with what its names stand for; the answers. */
async function send(input: Buffer): Promise<string> {
  let text = input.toString('latin1').replaceAll('@PORT@', String(rig.port)).replaceAll('@TOKEN@', wrongToken)
  for (const [name, token] of Object.entries(names)) text = text.replaceAll(`@${name}@`, token)
  const answer = await sendHostile({ port: rig.port, host: '127.0.0.1' }, Buffer.from(text, 'latin1'))
  return answer.toString('latin1')
}

let pushed = 0
/** What an operator does: looks, resumes what others paused, and sees an event pass. */
async function operate(): Promise<void> {
  expect((await rig.call('status', {})).status).toBe(200)
  expect((await rig.call('resume', {})).status).toBe(200)
  expect((await rig.call('setRate', { channel: 'c1', rate: null })).status).toBe(200)
  const body = `event ${pushed++}`
  await rig.source('r1').push(body)
  await eventually('the event passes', () => rig.sink('k1').bodies.includes(body))
  rig.sink('k1').bodies.length = 0
}

function count(answered: Map<string, number>, answer: string): void {
  for (const [, status = ''] of answer.matchAll(/HTTP\/1\.1 (\d+)/g))
    answered.set(status, (answered.get(status) ?? 0) + 1)
}

test('the console, for who has a token', async () => {
  const answered = new Map<string, number>()
  await fuzz({
    ...{
      suite: 'console',
      inputs: 1000,
      together: 20,
      make: requests('FULL', 'FULL', 'READ', 'WRONG'),
      honest: operate,
    },
    attempt: async (input) => {
      const answer = await send(input)
      count(answered, answer)
      expect(answer).not.toMatch(/HTTP\/1\.1 500|SLUICE_INTERNAL|nobody may read this/)
    },
  })
  expect(answered.get('200') ?? 0).toBeGreaterThan(50)
  for (const status of ['400', '401', '404', '421']) expect(answered.get(status) ?? 0, status).toBeGreaterThan(10)
  await eventually('no subscription is left', () => rig.listening === 0)
})

test('the console, for who has none: it tells nothing and does nothing', async () => {
  const answered = new Map<string, number>()
  await fuzz({
    ...{ suite: 'console', inputs: 600, together: 20, make: requests('WRONG') },
    attempt: async (input) => {
      const answer = await send(input)
      count(answered, answer)
      expect(answer).not.toMatch(/HTTP\/1\.1 (2|500)|SLUICE_INTERNAL|<title>Sluice|"agents?":|exported|nobody may/)
      expect(answer).not.toMatch(/set-cookie: (?!sluice\w*=;)/i)
    },
    honest: async () => {
      const { sources, sinks, channels } = rig.agent.status()
      expect([sources[0]?.command, sinks[0]?.command, channels[0]?.rateLimit]).toEqual(['running', 'running', null])
      await operate()
    },
  })
  expect((answered.get('401') ?? 0) + (answered.get('429') ?? 0)).toBeGreaterThan(200)
  expect(rig.listening).toBe(0)
})
