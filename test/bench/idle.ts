/**
 * What a relay costs that has nothing to do: a watched folder, a file channel and a connected Avro sink. Built, as it is
 * installed, and from its sources, which carry all that a bundler leaves away.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MeasuredProcess } from './measured-process.ts'
import type { Figure } from './report.ts'

const root = join(import.meta.dirname, '../..')

export async function idle(seconds: number): Promise<Figure[]> {
  execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'ignore' })
  return [
    ...(await idleRun('built', join(root, 'out/headless/sluice.js'), seconds, '< 120 MB')),
    ...(await idleRun('from its sources', join(root, 'core/cli/sluice.ts'), seconds, '')),
  ]
}

async function idleRun(how: string, sluice: string, seconds: number, memoryTarget: string): Promise<Figure[]> {
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
        name: `idle relay ${how}, CPU over ${seconds} s`,
        value: `${share.toFixed(2)} %`,
        against: '',
        ratio: undefined,
        target: '< 1 %',
      },
      {
        name: `idle relay ${how}, resident set`,
        value: `${cost.megabytes.toFixed(0)} MB`,
        against: '',
        ratio: undefined,
        target: memoryTarget,
      },
    ]
  } finally {
    await Promise.all([relay.stop(), collector.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
}
