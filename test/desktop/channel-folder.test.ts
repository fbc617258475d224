import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFileChannel, numberedBatch } from '../file-channel-rig.ts'
import { DesktopApp, eventually } from './desktop-app.ts'
import { hosts, on } from './hosts.ts'
import { Steering } from './steering.ts'

for (const host of hosts.filter(({ steered }) => steered))
  describe.skipIf(host.executable === undefined)(`Open channel folder…, ${on(host)}`, () => {
    let app: DesktopApp
    let desktop: Steering
    beforeAll(async () => {
      app = await DesktopApp.start(host)
      desktop = new Steering(app)
      await app.flow()
    })
    afterAll(() => app.close())

    async function stopped(name: string): Promise<string> {
      const folder = join(app.folder, name)
      const channel = makeFileChannel(folder)
      await channel.open()
      await channel.put(numberedBatch(0, 120))
      await channel.close(1_000)
      return folder
    }
    const chooses = (...filePaths: string[]) =>
      desktop.answer('showOpenDialog', { canceled: filePaths.length === 0, filePaths })

    it('shows the folder that was chosen from the menu, in whichever view the window is', async () => {
      const page = await app.page()
      for (const name of ['first', 'second']) {
        const folder = await stopped(name)
        await chooses(folder)
        await desktop.clickMenu('channel-folder')
        await page.getByRole('note', { name: 'The opened folder' }).getByText(folder).waitFor()
        await page.getByText('120 events wait').waitFor()
      }
    })

    it('says in a dialog what was chosen that is none, and does nothing when nothing was chosen', async () => {
      const page = await app.page()
      const before = page.url()
      mkdirSync(join(app.folder, 'empty'))
      await chooses(join(app.folder, 'empty'))
      await desktop.clickMenu('channel-folder')
      await eventually(async () =>
        expect((await desktop.calls('showMessageBox')).at(-1)).toMatchObject([
          { type: 'error', detail: expect.stringContaining("is no channel's folder") as string },
        ]),
      )
      await chooses()
      await desktop.clickMenu('channel-folder')
      await eventually(async () => expect(await desktop.calls('showOpenDialog')).toHaveLength(4))
      expect(page.url()).toBe(before)
    })

    it('fills in what its own button chose, and opens nothing for an address that looks like a choice', async () => {
      const page = await app.page()
      const folder = await stopped('third')
      await page.evaluate(() => {
        location.hash = '/backlog/folder/new?chosen=99'
      })
      const field = page.getByRole('textbox', { name: 'Folder' })
      await field.waitFor()
      expect(await field.inputValue()).toBe('')
      await chooses(folder)
      await page.getByRole('button', { name: 'Choose…' }).click()
      await eventually(async () => expect(await field.inputValue()).toBe(folder))
      await page.getByRole('button', { name: 'Open', exact: true }).click()
      await page.getByText('120 events wait').waitFor()
    })
  })
