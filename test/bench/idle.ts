/** What a relay costs that has nothing to do: a watched folder, a file channel and a connected Avro sink. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MeasuredProcess } from './measured-process.ts'
import type { Figure } from './report.ts'

const sluice = join(import.meta.dirname, '../../core/cli/sluice.ts')

export async function idle(seconds: number): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-idle-'))
  const logs = join(folder, 'logs')
  mkdirSync(logs)
  mkdirSync(join(folder, 'out'))
  for (let index = 0; index < 20; index++) writeFileSync(join(logs, `app${index}.log`), `first line of ${index}\n`)
  const port = 20_000 + (process.pid % 10_000)
  const collector = new MeasuredProcess(process.execPath, [
    ...[sluice, 'collect', '--port', String(port), '--out', join(folder, 'out'), '--data-dir', join(folder, 'collect')],
  ])
  const relay = new MeasuredProcess(process.execPath, [
    ...[sluice, 'relay', '--watch', logs, '--to', `127.0.0.1:${port}`, '--data-dir', join(folder, 'relay')],
  ])
  try {
    await new Promise((resolve) => setTimeout(resolve, 8000))
    if (relay.child.exitCode !== null) throw new Error(`the relay ended:\n${relay.output}`)
    const before = relay.cost().cpuSeconds
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    const cost = relay.cost()
    const share = ((cost.cpuSeconds - before) / seconds) * 100
    return [
      {
        name: `idle relay, CPU over ${seconds} s`,
        value: `${share.toFixed(2)} %`,
        against: '',
        ratio: undefined,
        target: '< 1 %',
      },
      {
        name: 'idle relay, resident set',
        value: `${cost.megabytes.toFixed(0)} MB`,
        against: '',
        ratio: undefined,
        target: '< 120 MB',
      },
    ]
  } finally {
    await Promise.all([relay.stop(), collector.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
}
