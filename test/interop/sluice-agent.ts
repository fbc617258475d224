/** Our own agent as its user runs it: the command line in a process of its own. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PeerProcess } from './peer-process.ts'

const entry = join(import.meta.dirname, '../../core/cli/sluice.ts')

/** Runs `sluice agent` on `properties`; its data folder is `<directory>/data`. */
export function startSluice(options: {
  directory: string
  agent: string
  properties: string
  monitoringPort?: number
  environment?: Readonly<Record<string, string>>
}): PeerProcess {
  const file = join(options.directory, `${options.agent}.sluice.properties`)
  writeFileSync(file, options.properties)
  // Port 0 takes a free one. That it is served is the last that a starting agent logs.
  const monitoring = ['-Dflume.monitoring.type=http', `-Dflume.monitoring.port=${options.monitoringPort ?? 0}`]
  const child = spawn(
    process.execPath,
    [
      ...[entry, 'agent', '-n', options.agent, '-f', file, '--no-reload-conf'],
      ...['--data-dir', join(options.directory, 'data'), ...monitoring],
    ],
    { cwd: options.directory, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.environment } },
  )
  return new PeerProcess('Sluice', child)
}
