import { pino } from 'pino'
import type { Log } from '../../log.ts'
import { type LogRecord, readableLogLine } from './log-line.ts'
import type { TextOutput } from './context.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export interface LogOptions {
  readonly level: LogLevel
  /** Readable lines instead of JSON; undefined: readable on a terminal. */
  readonly readable?: boolean | undefined
}

/** A duration to the thousandth: what a clock says beyond that is noise. */
function withRoundNumbers(record: Record<string, unknown>): Record<string, unknown> {
  let rounded: Record<string, unknown> | undefined
  for (const [key, value] of Object.entries(record))
    if (typeof value === 'number' && !Number.isInteger(value))
      (rounded ??= { ...record })[key] = Math.round(value * 1000) / 1000
  return rounded ?? record
}

/**
 * The program's log: JSON lines for machines, readable lines for a terminal. Both are written by the caller's own
 * stream, in the order of the calls: no worker, so that the last words of a dying process are not lost.
 */
export function createLog(output: TextOutput, options: LogOptions): Log {
  const readable = options.readable ?? output.isTTY === true
  const destination = readable
    ? { write: (line: string) => output.write(readableLogLine(JSON.parse(line) as LogRecord)) }
    : { write: (line: string) => output.write(line) }
  return pino(
    {
      level: options.level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: withRoundNumbers },
      serializers: { error: pino.stdSerializers.err },
    },
    destination,
  )
}

const flumeLevels: Readonly<Record<string, LogLevel>> = {
  ALL: 'debug',
  TRACE: 'debug',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
  FATAL: 'error',
}

/**
 * What Flume's `-Dflume.root.logger=DEBUG,console` asks for: the level, and readable lines when `console` is named.
 * Undefined when the level is none of log4j's.
 */
export function parseRootLogger(value: string): { level: LogLevel; console: boolean } | undefined {
  const [name = '', ...appenders] = value.split(',').map((part) => part.trim())
  const level = flumeLevels[name.toUpperCase()]
  if (level === undefined) return undefined
  return { level, console: appenders.some((one) => one.toLowerCase() === 'console') }
}
