import type { Finding } from '../../config/model.ts'

/** `flow.properties:9:22: a1.sinks.k1.type: there is no sink type loger; did you mean logger?` */
export function findingLine({ file, line, column, key, message, hint }: Finding): string {
  const place = [file, ...(line > 0 ? [line] : []), ...(line > 0 && column > 0 ? [column] : [])].join(':')
  return `${place}: ${key === '' ? '' : `${key}: `}${message}${hint === '' ? '' : `; ${hint}`}`
}
