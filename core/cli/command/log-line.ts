/** One record of the log as pino writes it, parsed. */
export type LogRecord = Readonly<Record<string, unknown>>

const pad = (number: number, width = 2) => String(number).padStart(width, '0')

/** Local time as an operator reads it: `2026-11-23 14:00:01.123`. */
export function readableTime(milliseconds: number): string {
  const date = new Date(milliseconds)
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`
  return `${day} ${time}.${pad(date.getMilliseconds(), 3)}`
}

const ownKeys = new Set(['level', 'time', 'component', 'message'])

// What a peer sent may stand in a log line: it must not be able to write on the terminal or fake a second line.
const controls = /[\u0000-\u001f\u007f-\u009f]/g
const escaped = (text: string) =>
  text.replace(controls, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)

function readableValue(value: unknown): string {
  if (typeof value === 'number') return String(Math.round(value * 1000) / 1000)
  if (typeof value !== 'string') return escaped(JSON.stringify(value))
  return value === '' || /[\s"=]/.test(value) ? escaped(JSON.stringify(value)) : escaped(value)
}

/** `2026-11-23 14:00:01.123 INFO  sink.k1  message key=value`, with a line break at its end. */
export function readableLogLine(record: LogRecord): string {
  const time = typeof record.time === 'string' ? readableTime(Date.parse(record.time)) : ''
  const level = typeof record.level === 'string' ? record.level.toUpperCase().padEnd(5) : ''
  const component = typeof record.component === 'string' ? `${escaped(record.component)}  ` : ''
  const message = typeof record.message === 'string' ? escaped(record.message) : ''
  let details = ''
  for (const [key, value] of Object.entries(record))
    if (!ownKeys.has(key)) details += ` ${escaped(key)}=${readableValue(value)}`
  return `${time} ${level} ${component}${message}${details}\n`
}
