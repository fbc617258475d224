import { describe, expect, it } from 'vitest'
import { unknownForecast } from '../../core/forecast/forecast.ts'
import type { AgentStatus } from '../../core/agent/agent-status.ts'
import { ledgerLine } from '../../core/cli/command/fsck.ts'
import { summaryLine } from '../../core/cli/command/summary.ts'

const part = { type: 't', reason: '', retryAt: null, restarts: 0 } as const

function status(sink: { state: 'running' | 'waiting: upstream'; text: string }): AgentStatus {
  return {
    ...{ agent: 'a', pid: 1, startedAt: 0, now: 0, openEvents: 0 },
    sources: [
      {
        ...{ ...part, name: 'files', state: 'running', text: 'running', command: 'running', channels: ['c'] },
        ...{ events: 1200, bytes: 0, eventsPerSecond: 0, bytesPerSecond: 0 },
        ...{ intercepted: 0, unrouted: 0, optionalLosses: 0, detail: null },
      },
    ],
    channels: [
      {
        ...{ ...part, name: 'c', state: 'running', text: 'running', durable: true, events: 200, bytes: 0 },
        ...{ capacity: null, byteCapacity: null, oldestAt: null, freeDisk: null, inPerSecond: 0, outPerSecond: 0 },
        ...{ rateLimit: null, drain: null, ledger: null, forecast: unknownForecast },
      },
    ],
    sinks: [
      {
        ...{ ...part, name: 'upstream', ...sink, command: 'running', channel: 'c', group: null },
        ...{ events: 1000, bytes: 0, eventsPerSecond: 349.6, bytesPerSecond: 0, quarantined: 0, delivering: 0 },
      },
    ],
  }
}

describe('the summary line', () => {
  it('says what came in, went out and waits', () => {
    const line = summaryLine(status({ state: 'running', text: 'running' }))
    expect(line).toBe('1,200 events in, 1,000 out (350/s), 200 waiting')
  })

  it('names what does not run, and why', () => {
    const line = summaryLine(status({ state: 'waiting: upstream', text: 'waiting: upstream: refused' }))
    expect(line).toBe('1,200 events in, 1,000 out (350/s), 200 waiting; sink upstream: waiting: upstream: refused')
  })
})

describe('the ledger line', () => {
  const ledger = {
    received: 10,
    delivered: 5,
    queued: 2,
    dropped: { a: 1, b: 1 },
    quarantined: 1,
    lost: 0,
    repeated: 7,
  }
  it('says whether the books balance', () => {
    expect(ledgerLine(ledger)).toBe(
      'received 10 = delivered 5 + queued 2 + dropped 2 + quarantined 1 + lost 0: it balances',
    )
    expect(ledgerLine({ ...ledger, lost: 1 })).toContain('IT DOES NOT BALANCE: the right side is 11')
  })
})
