import { describe, expect, it } from 'vitest'
import type { ControlPort } from '../../core/control/contract.ts'
import { type MessageLink, PortClient, PortServer } from '../../core/control/port-carrier.ts'
import { SluiceError } from '../../core/errors.ts'

/** Two ends in memory: what is posted is heard later, as a copy. */
function linkPair(): [MessageLink, MessageLink] {
  const listeners: ((message: unknown) => void)[] = []
  const end = (own: number): MessageLink => ({
    post: (message) => {
      const copy: unknown = structuredClone(message)
      queueMicrotask(() => listeners[1 - own]?.(copy))
    },
    onMessage: (listener) => {
      listeners[own] = listener
    },
  })
  return [end(0), end(1)]
}

/** An agent that answers what it was asked, waits, fails, or counts. */
class Echo implements ControlPort {
  readonly listeners = new Set<(message: unknown) => void>()
  readonly ends: ((error: unknown) => void)[] = []
  aborted = 0

  call(name: string, params: unknown, signal?: AbortSignal): Promise<unknown> {
    if (name === 'echo') return Promise.resolve(params)
    if (name === 'fail')
      return Promise.reject(
        new SluiceError('SLUICE_CONFIG', 'no', { details: { line: 3 }, cause: new Error('inside') }),
      )
    if (name === 'break') return Promise.reject(new TypeError('secret inside'))
    return new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => {
        this.aborted++
        reject(new SluiceError('SLUICE_ABORTED', 'given up'))
      })
    })
  }

  subscribe(
    name: string,
    _params: unknown,
    listener: (message: unknown) => void,
    ended: (error: unknown) => void,
  ): Promise<() => void> {
    if (name === 'none') return Promise.reject(new SluiceError('SLUICE_CONTROL', 'there is no subscription none'))
    this.listeners.add(listener)
    this.ends.push(ended)
    listener('first')
    return Promise.resolve(() => this.listeners.delete(listener))
  }
}

function pair() {
  const [near, far] = linkPair()
  const echo = new Echo()
  const host = { agents: () => ['edge'], port: (name: string) => (name === 'edge' ? echo : undefined) }
  const server = new PortServer(far, host)
  const client = new PortClient(near)
  return { echo, server, client, port: client.port('edge'), near, far }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('the carrier between two processes', () => {
  it('answers calls that overlap, each with its own result', async () => {
    const { port } = pair()
    const asked = Array.from({ length: 100 }, (_, n) => port.call('echo', { n }))
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 100 }, (_, n) => ({ n })))
  })

  it('carries the code, text and details of an error, and nothing of an unforeseen one', async () => {
    const { port, client } = pair()
    const refused = await port.call('fail', {}).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'SLUICE_CONFIG', message: 'no', details: { line: 3 } })
    expect(refused).not.toHaveProperty('cause')
    const broken = await port.call('break', {}).catch((error: unknown) => error)
    expect(broken).toMatchObject({ code: 'SLUICE_INTERNAL', message: 'something unforeseen happened' })
    await expect(client.port('nobody').call('echo', {})).rejects.toThrow('there is no agent nobody: give one of edge')
  })

  it('gives a call up on both sides', async () => {
    const { port, echo } = pair()
    const over = new AbortController()
    const call = port.call('wait', {}, over.signal)
    await settled()
    over.abort()
    await expect(call).rejects.toMatchObject({ code: 'SLUICE_ABORTED' })
    expect(echo.aborted).toBe(1)
    await expect(port.call('echo', {}, over.signal)).rejects.toMatchObject({ code: 'SLUICE_ABORTED' })
  })

  it('carries messages until the subscriber ends it, and none after that', async () => {
    const { port, echo } = pair()
    const heard: unknown[] = []
    const end = await port.subscribe(
      'status',
      {},
      (message) => heard.push(message),
      () => heard.push('ended'),
    )
    await settled()
    for (const listener of echo.listeners) listener('second')
    await settled()
    end()
    for (const listener of echo.listeners) listener('third')
    await settled()
    expect(heard).toEqual(['first', 'second'])
    expect(echo.listeners.size).toBe(0)
  })

  it('ends a subscription that is given up before it is made', async () => {
    const { port, echo } = pair()
    const end = await port.subscribe(
      'status',
      {},
      () => undefined,
      () => undefined,
    )
    end()
    await settled()
    expect(echo.listeners.size).toBe(0)
  })

  it('hears once of the end from the other side: complete, refused, failed', async () => {
    const { port, echo } = pair()
    const ends: unknown[] = []
    await port.subscribe(
      'status',
      {},
      () => undefined,
      (error) => ends.push(error),
    )
    await settled()
    echo.ends[0]?.(undefined)
    echo.ends[0]?.(new SluiceError('SLUICE_CONTROL', 'twice'))
    await settled()
    expect(ends).toEqual([undefined])
    await port.subscribe(
      'none',
      {},
      () => undefined,
      (error) => ends.push(error),
    )
    await settled()
    expect(ends[1]).toMatchObject({ code: 'SLUICE_CONTROL', message: 'there is no subscription none' })
    expect(ends).toHaveLength(2)
  })

  it('ends all that is open when the other side is lost', async () => {
    const { client, port } = pair()
    const ends: unknown[] = []
    const call = port.call('wait', {})
    await port.subscribe(
      'status',
      {},
      () => undefined,
      (error) => ends.push(error),
    )
    const lost = new SluiceError('SLUICE_CONTROL', 'the process ended')
    client.lost(lost)
    await expect(call).rejects.toBe(lost)
    expect(ends).toEqual([lost])
    await expect(port.call('echo', {})).rejects.toBe(lost)
  })

  it('lets go of everything when it is closed', async () => {
    const { port, echo, server } = pair()
    const call = port.call('wait', {})
    await port.subscribe(
      'status',
      {},
      () => undefined,
      () => undefined,
    )
    await settled()
    server.close()
    await expect(call).rejects.toMatchObject({ code: 'SLUICE_ABORTED' })
    expect(echo.listeners.size).toBe(0)
  })

  it('lives on through messages that are none of its own', async () => {
    const { port, near, far } = pair()
    for (const message of [
      undefined,
      7,
      'x',
      {},
      { kind: 'call' },
      { kind: 'call', id: -1 },
      { kind: 'result', id: 'a' },
    ])
      for (const link of [near, far]) link.post(message)
    expect(await port.call('echo', 1)).toBe(1)
  })
})
