/** What the agent's user may not read or write: said beside the field that names it. */
import { appendFileSync, chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rightsMissing } from '../integration/without-rights.ts'
import { ConsolePage, openBrowser, windowMissing } from './console-page.ts'

const flow = `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = TAILDIR
a1.sources.r1.filegroups = g1
a1.sources.r1.filegroups.g1 = FOLDER/in/.*
a1.sources.r1.channels = c1
a1.channels.c1.type = file
a1.sinks.k1.type = avro
a1.sinks.k1.hostname = 127.0.0.1
a1.sinks.k1.port = 1
a1.sinks.k1.channel = c1
`

describe.skipIf(windowMissing !== '' || rightsMissing !== '')(
  `an agent whose user has few rights ${windowMissing}${rightsMissing}`,
  () => {
    let browser: Browser
    let opened: ConsolePage
    let locked: string
    beforeAll(async () => {
      browser = await openBrowser()
      opened = await ConsolePage.open(browser, { flow, withoutRights: true })
      locked = join(opened.folder, 'locked')
      mkdirSync(join(locked, 'c1'), { recursive: true })
      chmodSync(locked, 0)
    })
    afterAll(async () => {
      chmodSync(locked, 0o700)
      await opened.close()
      await browser.close()
    })

    async function said(field: Locator): Promise<string> {
      await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true')
      return await opened.page.locator(`[id="${(await field.getAttribute('aria-describedby')) ?? ''}"]`).innerText()
    }

    test('is told of a channel folder that it may not read', async () => {
      const { page } = opened
      await opened.go('/backlog/folder/new')
      const field = page.getByRole('textbox', { name: 'Folder' })
      for (const path of [locked, join(locked, 'c1')]) {
        await field.fill(path)
        await page.getByRole('button', { name: 'Open', exact: true }).click()
        await expect.poll(() => said(field)).toContain(`${path} cannot be opened: the agent's user may not read it`)
      }
      expect(await opened.violations()).toEqual([])
    })

    test('is told of a folder to watch that it may not read, where it is set up and where it is configured', async () => {
      const { page } = opened
      await opened.go('/setup')
      await page.getByLabel('Upstream host').waitFor()
      const folder = page.getByLabel(/^Folder/)
      await folder.fill(locked)
      await page.getByRole('button', { name: 'Test folder' }).click()
      expect(await said(folder)).toContain('the agent may not read this folder: give its user the right to read')
      await opened.go('/configuration')
      await page.getByRole('button', { name: 'Forms' }).click()
      await page.getByRole('button', { name: 'source r1 taildir' }).click()
      const group = page.getByLabel('filegroups.g1', { exact: true })
      await group.fill(join(locked, '.*'))
      await page.getByRole('button', { name: 'Put into the text' }).click()
      await expect.poll(() => said(group)).toContain(`the folder ${locked} may not be used by the agent's user`)
      await page.getByRole('button', { name: 'Discard changes' }).click()
    })

    test('is told of an exports folder that it may not write, and can export when it may', async () => {
      const { page, folder } = opened
      appendFileSync(join(folder, 'in/app.log'), 'one\ntwo\nthree\n')
      await opened.go('/backlog/c1')
      await page.getByText('3 events wait').waitFor()
      const exports = join(folder, 'data/exports')
      mkdirSync(exports, { recursive: true })
      chmodSync(exports, 0o555)
      await page.getByRole('button', { name: 'Export…' }).click()
      const dialog = page.getByRole('dialog', { name: 'Export from channel c1' })
      await dialog.getByRole('button', { name: 'Export', exact: true }).click()
      await dialog
        .getByRole('alert')
        .getByText(/cannot write .*data\/exports/)
        .waitFor()
      chmodSync(exports, 0o777)
      await dialog.getByRole('button', { name: 'Export', exact: true }).click()
      await dialog.getByRole('link', { name: /^Download c1-/ }).waitFor()
    })
  },
)
