import { closeSync, openSync, writeSync } from 'node:fs'

const usualLength = 112

/** Writes `lines` different access-log lines of 113 bytes each, newline included; `first`: the number of the first one. */
export function writeLogFile(path: string, lines: number, first = 0, bytes = usualLength + 1): void {
  const lineLength = bytes - 1
  const file = openSync(path, 'w')
  for (let index = first; index < first + lines;) {
    let text = ''
    for (const end = Math.min(first + lines, index + 10_000); index < end; index++) {
      const line =
        `10.0.0.${index % 251} - user${index % 97} [23/Nov/2026:14:00:00 +0000] ` +
        `"GET /item/${String(index).padStart(9, '0')} HTTP/1.1" 200 ${1000 + (index % 9000)} "-" "agent"`
      text += `${line.padEnd(lineLength, ' ').slice(0, lineLength)}\n`
    }
    writeSync(file, text)
  }
  closeSync(file)
}
