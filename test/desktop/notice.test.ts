import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DesktopApp, eventually } from './desktop-app.ts'
import { hosts, on } from './hosts.ts'
import { Steering } from './steering.ts'

/** An upstream that is away for less than half a minute is no news. */
const patient = 60_000

for (const host of hosts.filter(({ steered }) => steered))
  describe.skipIf(host.executable === undefined)(`a notice of one of two agents, ${on(host)}`, () => {
    let app: DesktopApp
    let desktop: Steering
    beforeAll(async () => {
      app = await DesktopApp.start(host)
      desktop = new Steering(app)
      await app.flow()
    })
    afterAll(() => app.close())

    it('leads to that agent and the view of its part, whichever the window shows', { timeout: 120_000 }, async () => {
      const page = await app.page()
      const sink = await page.evaluate(async () => {
        const found = (await window.sluice?.call(7_000_001, 'edge', 'configGet', {})) as {
          result: { path: string; text: string }[]
        }
        let sender = ''
        const files = found.result.map(({ path, text }) => ({
          path,
          text: text.replace(/^(edge\.sinks\.(\w+)\.port\s*=).*$/m, (_line, key: string, name: string) => {
            sender = name
            return `${key} 1`
          }),
        }))
        const applied = await window.sluice?.call(7_000_002, 'edge', 'configApply', { files, by: 'test' })
        if (!JSON.stringify(applied).includes('"applied":true')) throw new Error(JSON.stringify(applied))
        return sender
      })
      appendFileSync(join(app.folder, 'workspace/inbox/waits.log'), 'nobody takes this line\n')
      await page.evaluate(() => {
        location.hash = '/events?agent=collector'
      })
      const shown = page.getByLabel('Agent', { exact: true })
      await eventually(async () => expect(await shown.inputValue()).toBe('collector'))
      const title = `edge: sink ${sink}`
      await eventually(
        async () => expect(await desktop.notices()).toContainEqual(expect.objectContaining({ title })),
        patient,
      )
      const notice = (await desktop.notices()).find((one) => one.title === title)
      expect(notice?.body).toMatch(/^upstream down since .*nothing listens on this port.* 1 event/)
      await desktop.clickNotice(title)
      await eventually(async () => expect(await shown.inputValue()).toBe('edge'))
      await eventually(() => expect(new URL(page.url()).hash).toBe('#/flow'))
      await page
        .getByRole('article', { name: `sink ${sink}` })
        .getByText(/waiting: upstream/)
        .waitFor()
    })
  })
