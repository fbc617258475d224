import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openWorkspace } from '../../core/cli/command/workspace.ts'
import { DesktopApp } from './desktop-app.ts'
import { hosts, on } from './hosts.ts'

const root = join(import.meta.dirname, '../..')

for (const host of hosts)
  describe.skipIf(host.executable === undefined)(`when something is wrong, ${on(host)}`, () => {
    let folder: string
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'sluice-trouble-'))
    })
    afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

    it('says in the window what the flow has wrong, and goes on by itself when it is put right', async () => {
      const { flow } = await openWorkspace(join(folder, 'workspace'))
      const right = readFileSync(flow, 'utf8')
      writeFileSync(flow, `${right}\nedge.sources.netcat1.type = nonsense\n`)
      const app = await DesktopApp.start(host, { folder })
      try {
        const page = await app.electron.firstWindow()
        await page.getByText(/agent edge is not started: the configuration has an error/).waitFor()
        writeFileSync(flow, right)
        await page.getByText('netcat1').first().waitFor()
      } finally {
        await app.close()
      }
    })

    it('can be tried without a test driver: --smoke shows the flow and ends', async () => {
      mkdirSync(join(folder, 'workspace'))
      const args = [root, `--user-data-dir=${join(folder, 'user-data')}`, `--workspace=${join(folder, 'workspace')}`]
      const child = spawn(host.executable ?? '', ['--no-sandbox', ...args, '--smoke'], {
        cwd: root,
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      let said = ''
      child.stdout.on('data', (text: Buffer) => {
        said += text.toString('utf8')
      })
      const code = await new Promise((resolve) => child.once('close', resolve))
      expect(said).toBe('smoke: the window shows the flow\n')
      expect(code).toBe(0)
    })
  })
