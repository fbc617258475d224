import { describe, expect, it } from 'vitest'
import { readableLogLine, readableTime } from '../../core/cli/command/log-line.ts'
import { createLog, parseRootLogger } from '../../core/cli/command/logging.ts'

class Output {
  text = ''
  readonly isTTY: boolean
  constructor(isTTY: boolean) {
    this.isTTY = isTTY
  }
  write(text: string): boolean {
    this.text += text
    return true
  }
}

describe('the readable log line', () => {
  it('has local time, level, component, message and details', () => {
    const time = new Date(2026, 10, 23, 14, 0, 1, 123)
    expect(readableTime(time.getTime())).toBe('2026-11-23 14:00:01.123')
    const record = {
      level: 'info',
      time: time.toISOString(),
      component: 'sink.k1',
      message: 'connected',
      peer: 'a b',
      n: 3,
      ms: 0.1 + 0.2,
    }
    expect(readableLogLine(record)).toBe('2026-11-23 14:00:01.123 INFO  sink.k1  connected peer="a b" n=3 ms=0.3\n')
  })

  it('lets nothing that a peer sent write on the terminal or fake a second line', () => {
    const line = readableLogLine({ level: 'warn', message: 'bad\u001b[2J\nforged', peer: 'x\r\ny', '\u0007': 1 })
    expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
    expect(line).toContain('bad\\u001b[2J\\u000aforged')
  })
})

describe('the log', () => {
  it('is JSON lines where nobody looks, with the level by name and the time in UTC', () => {
    const output = new Output(false)
    createLog(output, { level: 'info' }).child({ component: 'sink.k1' }).warn({ retry: 3 }, 'refused')
    const record = JSON.parse(output.text) as Record<string, unknown>
    expect(record).toMatchObject({ level: 'warn', component: 'sink.k1', retry: 3, message: 'refused' })
    expect(record.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  it('has durations to the thousandth, and leaves the rest of a record as it is', () => {
    const output = new Output(false)
    createLog(output, { level: 'info' }).info({ milliseconds: 18.9722680000001, queued: 7 }, 'channel open')
    expect(JSON.parse(output.text)).toMatchObject({ milliseconds: 18.972, queued: 7 })
  })

  it('is readable on a terminal, and where it was asked for', () => {
    const terminal = new Output(true)
    createLog(terminal, { level: 'info' }).info({}, 'started')
    expect(terminal.text).toMatch(/ INFO {2}started\n$/)
    const file = new Output(false)
    createLog(file, { level: 'info', readable: true }).debug({}, 'not shown')
    expect(file.text).toBe('')
  })
})

describe("Flume's root logger property", () => {
  it('gives the level and whether the console was named', () => {
    expect(parseRootLogger('INFO,console')).toEqual({ level: 'info', console: true })
    expect(parseRootLogger('debug, LOGFILE')).toEqual({ level: 'debug', console: false })
    expect(parseRootLogger('LOUD,console')).toBeUndefined()
  })
})
