import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SluiceProcess } from '../integration/sluice-process.ts'
import { agentPids, DesktopApp, eventually } from './desktop-app.ts'
import { hosts, on } from './hosts.ts'

for (const host of hosts)
  describe.skipIf(host.executable === undefined)(`a workspace that runs headless already, ${on(host)}`, () => {
    let folder: string
    let headless: SluiceProcess
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sluice-attach-'))
      const workspace = join(folder, 'workspace')
      headless = new SluiceProcess(['start', '--headless', '--no-console', '--workspace', workspace])
      await headless.says(/This is your workspace/)
    })
    afterEach(async () => {
      await headless.kill()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    })

    it('is shown by the window, which says whose it is, commands it, and leaves it running', async () => {
      const app = await DesktopApp.start(host, { folder })
      try {
        const page = await app.flow()
        await page.getByText('netcat1').first().waitFor()
        const [pid] = await agentPids(app)
        await page.getByText(`attached to the agent running as process ${pid}; closing the window leaves it`).waitFor()
        await page.getByRole('button', { name: 'Pause source netcat1' }).click()
        await page.getByRole('button', { name: 'Resume source netcat1' }).click()
      } finally {
        await app.close()
      }
      appendFileSync(join(folder, 'workspace/inbox/after.log'), 'after the window\n')
      await eventually(() => expect(app.collected()).toContain('after the window'))
    })

    it.each(['stops', 'is killed'])('is taken over when the process that runs it %s', async (how) => {
      const app = await DesktopApp.start(host, { folder })
      try {
        const page = await app.flow()
        await page.getByText(/attached to the agent running as process/).waitFor()
        const [before] = await agentPids(app)
        if (how === 'stops') await headless.stop()
        else await headless.kill()
        await page.getByText(/attached to the agent running as process/).waitFor({ state: 'detached' })
        await eventually(async () => {
          const [pid] = await agentPids(app)
          expect(pid).toBeDefined()
          expect(pid).not.toBe(before)
        })
        await page.getByText('netcat1').first().waitFor()
        appendFileSync(join(folder, 'workspace/inbox/after.log'), 'taken over\n')
        await eventually(() => expect(app.collected().filter((line) => line === 'taken over')).toHaveLength(1))
      } finally {
        await app.close()
      }
    })
  })
