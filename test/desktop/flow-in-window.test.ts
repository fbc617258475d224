import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DesktopApp, eventually } from './desktop-app.ts'
import { hosts, on } from './hosts.ts'

for (const host of hosts)
  describe.skipIf(host.executable === undefined)(on(host), () => {
    let app: DesktopApp
    beforeAll(async () => {
      app = await DesktopApp.start(host)
    })
    afterAll(() => app.close())

    it('shows the flow of a fresh workspace, live, and relays what is written into its inbox', async () => {
      const page = await app.flow()
      await page.getByText('netcat1').first().waitFor()
      appendFileSync(join(app.folder, 'workspace/inbox/a.log'), 'one\ntwo\nthree\n')
      await eventually(() => expect(app.collected()).toEqual(['one', 'two', 'three']))
      const asked = () => page.evaluate(() => window.sluice?.call(1_000_001, 'edge', 'ledger', { channel: 'backlog' }))
      await eventually(async () => expect(await asked()).toMatchObject({ result: { received: 3, delivered: 3 } }))
    })
  })
