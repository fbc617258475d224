import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../agent/flow.ts'
import { ConsoleRig, fullToken, readToken } from './console-rig.ts'

const crowdSize = 10_000

let rig: ConsoleRig
const children: ChildProcess[] = []
beforeEach(() => {
  rig = new ConsoleRig()
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rig.end()
})

/** Another process with many connections; its end says how many it held. */
function crowd(size: number, manner: 'silent' | 'slow') {
  const program = join(import.meta.dirname, 'connection-crowd.ts')
  const child = spawn(process.execPath, [program, String(rig.port), String(size), manner], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  const lines: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.split('\n').filter(Boolean)))
  const said = async (index: number) => {
    await eventually('the crowd speaks', () => lines.length > index, 40_000)
    return JSON.parse(lines[index] ?? '') as Record<string, number>
  }
  return {
    made: said(0),
    end: () => {
      child.stdin.end()
      return said(1)
    },
  }
}

/** What an operator's page does, each time over a new connection, until the returned function is called. */
function operator() {
  const took: number[] = []
  let failed = 0
  const over = new AbortController()
  const done = (async () => {
    while (!over.signal.aborted) {
      const start = performance.now()
      try {
        if ((await rig.call('status', {})).status !== 200) failed++
      } catch {
        failed++
      }
      took.push(performance.now() - start)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  })()
  return async () => {
    over.abort()
    await done
    took.sort((one, other) => one - other)
    return { asked: took.length, failed, worst: Math.max(...took) }
  }
}

/** Sends bytes and keeps the connection; says what came back and how long it lived. */
function hold(text: string) {
  const start = performance.now()
  const held = { back: '', closedAfter: undefined as number | undefined, socket: connect(rig.port, '127.0.0.1') }
  held.socket.setEncoding('utf8').on('data', (piece: string) => (held.back += piece))
  held.socket.on('error', () => undefined)
  held.socket.once('close', () => (held.closedAfter = performance.now() - start))
  if (text !== '') held.socket.write(text)
  return held
}

const head = (line: string, token: string) =>
  `${line} HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\nAuthorization: Bearer ${token}\r\n`

describe('the console closes', () => {
  test('connections whose request does not come in time', async () => {
    await rig.start({ limits: { headTime: 300, requestTime: 600 } })
    const silent = hold('')
    const slowHead = hold('GET / HTTP/1.1\r\n')
    const slowBody = hold(
      `${head('POST /agents/a1/call/pause', fullToken)}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{`,
    )
    const drip = setInterval(() => slowHead.socket.write('X'), 50)
    const all = [silent, slowHead, slowBody]
    await eventually('all are closed', () => all.every(({ closedAfter }) => closedAfter !== undefined), 5_000)
    clearInterval(drip)
    for (const { back, closedAfter = Infinity } of all) {
      expect(back).toMatch(/^(HTTP\/1.1 408 |$)/)
      expect(closedAfter).toBeLessThan(3000)
    }
    expect(rig.agent.status().sources[0]?.command).toBe('running')
    await eventually('nothing is kept of them', () => rig.server.connections === 0)
  })

  test('who is not signed in before who is idle, who is idle before who looks, and never who operates', async () => {
    await rig.start({ limits: { connections: 4 } })
    const subscribe = (token: string) => hold(`${head('GET /agents/a1/subscribe/status', token)}\r\n`)
    const operates = subscribe(fullToken)
    const looks = subscribe(readToken)
    const idle = hold(`${head('GET /session', fullToken)}\r\n`)
    await eventually('all have an answer', () => [operates, looks, idle].every(({ back }) => back !== ''))
    const strangers = [hold(''), hold(''), hold('')]
    await eventually('two strangers went', () => strangers.filter((one) => one.closedAfter !== undefined).length === 2)
    expect([operates, looks, idle].map((one) => one.closedAfter)).toEqual([undefined, undefined, undefined])
    const more: ReturnType<typeof hold>[] = []
    for (let index = 0; index < 3; index++) {
      const one = subscribe(fullToken)
      more.push(one)
      await eventually('it came in', () => one.back.includes('data: '))
    }
    await eventually('room was made', () => idle.closedAfter !== undefined && looks.closedAfter !== undefined)
    const late = hold('')
    await eventually('there is no room', () => late.closedAfter !== undefined)
    expect([operates, ...more].map((one) => one.closedAfter)).toEqual([undefined, undefined, undefined, undefined])
    for (const { socket } of [operates, ...more]) socket.destroy()
    await eventually('room is there again', () => rig.server.connections === 0)
    expect((await rig.call('status', {})).status).toBe(200)
  })
})

describe('a crowd of connections', () => {
  test.for(['silent', 'slow'] as const)(
    `of ${crowdSize} that are %s neither keeps the operator out nor holds up the relay`,
    async (manner) => {
      await rig.start()
      let heard = 0
      const socket = connect(rig.port, '127.0.0.1')
      socket.on('data', () => heard++)
      socket.write(
        `GET /agents/a1/subscribe/status HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\nAuthorization: Bearer ${fullToken}\r\n\r\n`,
      )
      await eventually('the subscription begins', () => heard > 0)
      const operated = operator()
      const many = crowd(crowdSize, manner)
      let pushed = 0
      const enough = new AbortController()
      const relayed = (async () => {
        while (!enough.signal.aborted) {
          await rig.source('r1').push(`line ${pushed++}`)
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      })()
      const { made } = await many.made
      const connections = rig.server.connections
      await new Promise((resolve) => setTimeout(resolve, 1000))
      enough.abort()
      await relayed
      const { asked, failed, worst } = await operated()
      expect(made).toBe(crowdSize)
      expect(connections).toBeLessThanOrEqual(rig.mostConnections)
      const { held = 0 } = await many.end()
      expect(held).toBeLessThanOrEqual(rig.mostConnections)
      expect(asked).toBeGreaterThan(20)
      expect(failed).toBe(0)
      expect(worst).toBeLessThan(3000)
      const before = heard
      rig.agent.pause('k1')
      rig.agent.resume('k1')
      await eventually('the subscription still speaks', () => heard > before)
      await eventually('every line came out', () => rig.sink('k1').bodies.length === pushed)
      socket.destroy()
    },
  )
})
