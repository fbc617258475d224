import { EventEmitter } from 'node:events'
import type { UtilityProcess } from 'electron'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AgentProcess, AgentSupervisor, sessionOf } from '../../../electron/agent-supervisor.ts'

/** A process as a supervisor sees it. */
class Child extends EventEmitter {
  pid: number | undefined = 4242
  readonly told: unknown[] = []
  readonly stdout = null
  readonly stderr = null
  postMessage(message: { about: string }) {
    this.told.push(message)
    if (message.about === 'stop') queueMicrotask(() => this.end(0, { about: 'stopped' }))
  }
  end(code: number, lastWord?: unknown) {
    if (lastWord !== undefined) this.emit('message', lastWord)
    this.pid = undefined
    this.emit('exit', code)
  }
}

describe("the agent's process", () => {
  let children: Child[]
  let states: AgentProcess[]
  let supervisor: AgentSupervisor
  const running = { about: 'running', agents: [{ name: 'edge', exports: '/x' }] }

  beforeEach(() => {
    vi.useFakeTimers()
    children = []
    states = []
    supervisor = new AgentSupervisor({
      fork: () => {
        const child = new Child()
        children.push(child)
        return child as unknown as UtilityProcess
      },
      secrets: () => Promise.resolve({ A: 'x' }),
      onChange: (state) => states.push(state),
      onOutput: () => undefined,
      backoff: 100,
    })
  })
  afterEach(() => vi.useRealTimers())

  it('gets the secrets before anything else and is spoken to once it runs', async () => {
    supervisor.start()
    await vi.advanceTimersByTimeAsync(0)
    expect(children[0]?.told).toEqual([{ about: 'secrets', secrets: { A: 'x' } }])
    expect(() => sessionOf(supervisor.process)).toThrow('the agent is starting')
    children[0]?.emit('message', running)
    expect(sessionOf(supervisor.process)).toMatchObject({ agents: ['edge'], role: 'configure' })
  })

  it('says whose agents they are when another process has the workspace, and no more when that one has ended', async () => {
    supervisor.start()
    children[0]?.emit('message', { ...running, attachedTo: 77 })
    expect(sessionOf(supervisor.process)).toMatchObject({ agents: ['edge'], attachedTo: 77 })
    children[0]?.emit('message', { about: 'left', pid: 77 })
    expect(() => sessionOf(supervisor.process)).toThrow('process 77 has ended; its flow is started here')
    children[0]?.emit('message', running)
    expect(sessionOf(supervisor.process)).not.toHaveProperty('attachedTo')
    await supervisor.stop()
  })

  it('is started again ever later while it does not last, and every end is counted', async () => {
    supervisor.start()
    for (const wait of [100, 200, 400, 800]) {
      const started = children.length
      children.at(-1)?.end(9)
      await vi.advanceTimersByTimeAsync(wait - 1)
      expect(children).toHaveLength(started)
      await vi.advanceTimersByTimeAsync(1)
      expect(children).toHaveLength(started + 1)
    }
    expect(supervisor.process.crashes).toBe(4)
    children.at(-1)?.emit('message', running)
    await vi.advanceTimersByTimeAsync(60_001)
    children.at(-1)?.end(9)
    await vi.advanceTimersByTimeAsync(100)
    expect(children).toHaveLength(6)
  })

  it('says why it cannot start, and tries again without calling that a crash', async () => {
    supervisor.start()
    const error = { code: 'SLUICE_CONFIG', message: 'line 3 is wrong', details: {} }
    children[0]?.end(0, { about: 'failed', error })
    expect(() => sessionOf(supervisor.process)).toThrow('line 3 is wrong')
    expect(supervisor.process).toMatchObject({ state: 'failed', crashes: 0 })
    await vi.advanceTimersByTimeAsync(100)
    expect(children).toHaveLength(2)
  })

  it('ends what the page has under way when it ends', async () => {
    supervisor.start()
    children[0]?.emit('message', running)
    const call = supervisor.port('edge').call('status', {})
    const ends: unknown[] = []
    await supervisor.port('edge').subscribe(
      'status',
      {},
      () => undefined,
      (error) => ends.push(error),
    )
    children[0]?.end(9)
    await expect(call).rejects.toMatchObject({ code: 'SLUICE_CONTROL' })
    expect(ends).toEqual([expect.objectContaining({ code: 'SLUICE_CONTROL' })])
    expect(() => supervisor.port('edge').call('status', {})).toThrow(/ended unexpectedly/)
  })

  it('is not started again when somebody stopped it, until it is asked for', async () => {
    supervisor.start()
    children[0]?.end(0, { about: 'stopped' })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(children).toHaveLength(1)
    supervisor.start()
    expect(children).toHaveLength(2)
    await supervisor.stop()
    expect(states.at(-1)?.state).toBe('stopped')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(children).toHaveLength(2)
  })
})
