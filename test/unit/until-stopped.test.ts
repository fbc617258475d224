import { describe, expect, it, vi } from 'vitest'
import type { CommandLineContext } from '../../core/cli/command/context.ts'
import { untilStopped } from '../../core/cli/command/until-stopped.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'

class Ended extends Error {}

function fakeProcess() {
  const listeners = new Set<(signal: NodeJS.Signals) => void>()
  const ends: number[] = []
  const context: CommandLineContext = {
    stdout: { write: () => true },
    stderr: { write: () => true },
    environment: {},
    platform: 'linux',
    homeDirectory: '/',
    workingDirectory: '/',
    clock: systemClock,
    onSignal(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    exit: () => undefined,
    outlastOutput: () => undefined,
    exitNow(code) {
      ends.push(code)
      throw new Ended()
    },
  }
  const signal = (name: NodeJS.Signals) => {
    for (const listener of listeners) listener(name)
  }
  return { context, signal, ends, listeners }
}

const forever = () => new Promise<void>(() => undefined)

describe('running until stopped', () => {
  it('stops in good order at the first signal, and listens to none afterwards', async () => {
    const { context, signal, ends, listeners } = fakeProcess()
    const stop = vi.fn(() => Promise.resolve())
    const over = untilStopped(() => Promise.resolve({ stopped: forever(), stop }), context, silentLog)
    await new Promise(setImmediate)
    expect(stop).not.toHaveBeenCalled()
    signal('SIGTERM')
    await over
    expect(stop).toHaveBeenCalledOnce()
    expect(ends).toEqual([])
    expect(listeners.size).toBe(0)
  })

  it('ends the process at once at the second, with the code that shells give a signal', async () => {
    const { context, signal, ends } = fakeProcess()
    void untilStopped(() => Promise.resolve({ stopped: forever(), stop: forever }), context, silentLog)
    await new Promise(setImmediate)
    signal('SIGINT')
    expect(() => signal('SIGINT')).toThrow(Ended)
    expect(ends).toEqual([130])
  })

  it('stops when asked by something else, and lets a failed start through', async () => {
    const { context } = fakeProcess()
    const stop = vi.fn(() => Promise.resolve())
    await untilStopped(() => Promise.resolve({ stopped: Promise.resolve(), stop }), context, silentLog)
    expect(stop).toHaveBeenCalledOnce()
    const failing = untilStopped(() => Promise.reject(new Error('no disk')), context, silentLog)
    await expect(failing).rejects.toThrow('no disk')
  })

  it('takes a start that a signal ended for a clean stop', async () => {
    const { context, signal } = fakeProcess()
    const over = untilStopped(
      (asked) =>
        new Promise((_, reject) => {
          asked.addEventListener('abort', () => reject(new Error('ended')))
        }),
      context,
      silentLog,
    )
    signal('SIGTERM')
    await over
  })

  it('ends the process when stopping takes too long', () => {
    vi.useFakeTimers()
    try {
      const { context, signal, ends } = fakeProcess()
      void untilStopped(() => Promise.resolve({ stopped: forever(), stop: forever }), context, silentLog)
      signal('SIGTERM')
      expect(() => vi.advanceTimersByTime(5000)).toThrow(Ended)
      expect(ends).toEqual([1])
    } finally {
      vi.useRealTimers()
    }
  })
})
