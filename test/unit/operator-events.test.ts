import { expect, test } from 'vitest'
import { AgentDatabase } from '../../core/agent/agent-database.ts'
import { OperatorEvents } from '../../core/agent/operator-events.ts'
import { createLog } from '../../core/cli/command/logging.ts'
import { systemClock } from '../../core/clock.ts'

test('an operator event stands in the log under the name under which the part itself writes', () => {
  const lines: string[] = []
  const log = createLog({ write: (text) => (lines.push(text), true) }, { level: 'info' })
  const database = new AgentDatabase(':memory:')
  try {
    const events = new OperatorEvents(database, systemClock, log)
    events.report('source:r1', 'SLUICE_LISTEN', 'cannot listen on 127.0.0.1:4444')
    events.note('agent', 'reload', 'the configuration is applied')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 'warn', component: 'source.r1', code: 'SLUICE_LISTEN', message: 'cannot listen on 127.0.0.1:4444' },
      { level: 'info', component: 'agent', code: 'reload', message: 'the configuration is applied' },
    ])
    expect(events.list({ limit: 1, acknowledged: false })[0]?.component).toBe('source:r1')
  } finally {
    database.close()
  }
})
