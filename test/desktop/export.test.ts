import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DesktopApp } from './desktop-app.ts'
import { hosts, on } from './hosts.ts'
import { Steering } from './steering.ts'

const lines = Array.from({ length: 400 }, (_, number) => `line ${number} of what waits, and some more text behind it`)

for (const host of hosts.filter(({ steered }) => steered))
  describe.skipIf(host.executable === undefined)(`an export of what waits, ${on(host)}`, () => {
    let app: DesktopApp
    let desktop: Steering
    let page: Page
    beforeAll(async () => {
      app = await DesktopApp.start(host)
      desktop = new Steering(app)
      page = await app.flow()
      await page.getByRole('button', { name: 'Pause sink upstream' }).click()
      await page.getByRole('button', { name: 'Resume sink upstream' }).waitFor()
      appendFileSync(join(app.folder, 'workspace/inbox/a.log'), lines.map((line) => `${line}\n`).join(''))
      await page.evaluate(() => {
        location.hash = '/backlog/backlog'
      })
      await page.getByText(lines[0] ?? '').waitFor()
      await page.getByRole('button', { name: 'Export…' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Export', exact: true }).click()
    })
    afterAll(() => app.close())

    const saveAs = async (filePath: string) => {
      await desktop.answer('showSaveDialog', { canceled: false, filePath })
      await page
        .getByRole('dialog')
        .getByRole('button', { name: /^Save .* as…/ })
        .click()
    }
    const problem = (text: string) => page.getByRole('dialog').getByRole('alert').getByText(text).waitFor()

    it('says beside it that a place cannot be written', async () => {
      await saveAs(join(app.folder, 'missing/saved.ndjson'))
      await problem('no such file or directory')
      mkdirSync(join(app.folder, 'taken'))
      await saveAs(join(app.folder, 'taken'))
      await problem('illegal operation on a directory')
      expect(readdirSync(app.folder).filter((name) => name.endsWith('.part'))).toEqual([])
    })

    const root = process.getuid?.() === 0
    it.skipIf(!root)(
      `leaves what was there before when the disk is full${root ? '' : ' (skipped: not root)'}`,
      async () => {
        const small = join(app.folder, 'small')
        mkdirSync(small)
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'small', small])
        try {
          writeFileSync(join(small, 'saved.ndjson'), 'what was there before\n')
          await saveAs(join(small, 'saved.ndjson'))
          await problem('no space left on device')
          expect(readdirSync(small)).toEqual(['saved.ndjson'])
          expect(readFileSync(join(small, 'saved.ndjson'), 'utf8')).toBe('what was there before\n')
        } finally {
          execFileSync('umount', [small])
        }
      },
    )

    it('is whole where the user saved it, and nothing has left the channel', async () => {
      const target = join(app.folder, 'saved.ndjson')
      writeFileSync(target, 'what was there before\n')
      await saveAs(target)
      await page.getByText(`Saved as ${target}`).first().waitFor()
      const bodies = readFileSync(target, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { body: string }).body)
      expect(bodies).toEqual(lines)
      expect(await page.getByRole('dialog').getByRole('alert').count()).toBe(0)
      const ledger = await page.evaluate(() => window.sluice?.call(8_000_001, 'edge', 'ledger', { channel: 'backlog' }))
      expect(ledger).toMatchObject({ result: { received: lines.length, delivered: 0, queued: lines.length } })
    })
  })
