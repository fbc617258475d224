import type { Finding } from '../../config/model.ts'

/**
 * A finding as compilers print theirs, so that editors can jump to it:
 * `flow.properties:9:22: error: a1.sinks.k1.type: there is no sink type loger (did you mean logger?)`. Without its
 * severity for a log, which has a level of its own.
 */
export function findingLine(finding: Finding, withSeverity = false): string {
  const { file, line, column, severity, key, message, hint } = finding
  const place = [file, ...(line > 0 ? [line] : []), ...(line > 0 && column > 0 ? [column] : [])].join(':')
  const what = withSeverity ? `${severity}: ` : ''
  return `${place}: ${what}${key === '' ? '' : `${key}: `}${message}${hint === '' ? '' : ` (${hint})`}`
}
