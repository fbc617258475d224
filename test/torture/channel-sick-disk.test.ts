import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../file-channel-rig.ts'

function hasCompiler(): boolean {
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' })
    return process.platform === 'linux'
  } catch {
    return false
  }
}

test.skipIf(!hasCompiler())(
  'a disk that fails its syncs is told of, never acknowledged, and the channel goes on when it is well (needs gcc)',
  () => {
    const place = temporaryFolder()
    try {
      const library = path.join(place.folder, 'sick-disk.so')
      const source = path.join(import.meta.dirname, 'sick-disk.c')
      execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-o', library, source, '-ldl'])
      const child = path.join(import.meta.dirname, 'channel-sick-disk-child.ts')
      const printed = execFileSync(process.execPath, [child, path.join(place.folder, 'channel')], {
        env: { ...process.env, LD_PRELOAD: library, SICK_DISK: path.join(place.folder, 'sick') },
        encoding: 'utf8',
        timeout: 60_000,
      })
      const { outcome, stored, got, balance } = JSON.parse(printed) as Record<string, unknown>
      expect(outcome).toEqual({
        well: 'stored',
        'one fault': 'SLUICE_CHANNEL_IO',
        'after one fault': 'stored',
        'first of two faults': 'SLUICE_CHANNEL_IO',
        'second of two faults': 'SLUICE_CHANNEL_IO',
        state: 'failed',
        'after two faults': 'stored',
        'index cannot sync': 'stored',
        healed: 'stored',
      })
      expect(got).toEqual(stored)
      expect(balance).toBe(0)
    } finally {
      place.remove()
    }
  },
)
