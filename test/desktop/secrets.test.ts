import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWorkspace } from '../../core/cli/command/workspace.ts'
import { DesktopApp, eventually } from './desktop-app.ts'
import { hosts, on } from './hosts.ts'
import { Steering } from './steering.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Where screenshots are kept for somebody to look at, if anywhere. */
const shots = process.env['SLUICE_SHOTS']

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } }
    return (await axe.run()).violations.map(({ id }) => id)
  })
}

const listensAt = (host: string, port: number) =>
  new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
  })

for (const host of hosts.filter(({ steered }) => steered))
  describe.skipIf(host.executable === undefined)(`secrets, ${on(host)}`, () => {
    let folder: string
    let file: string
    let app: DesktopApp
    let page: Page
    let port: number
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sluice-secrets-'))
      const { flow } = await openWorkspace(join(folder, 'workspace'))
      // A port is bound at an address that only a secret tells, so that what runs has it.
      const text = readFileSync(flow, 'utf8').replace(/^(edge\.sources\.netcat1\.bind *=) *\S+$/m, '$1 ${NETCAT_BIND}')
      expect(text).toContain('${NETCAT_BIND}')
      port = Number(/^edge\.sources\.netcat1\.port *= *(\d+)$/m.exec(text)?.[1])
      writeFileSync(flow, text)
      mkdirSync(join(folder, 'user-data'))
      file = join(folder, 'user-data/secrets.json')
      writeFileSync(file, '{"NETCAT_BIND":"c3Rhbm')
      app = await DesktopApp.start(host, { folder })
      page = await app.electron.firstWindow()
      await page.emulateMedia({ reducedMotion: 'reduce' })
    })
    afterAll(async () => {
      await app.close()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    })

    const inBothThemes = async (name: string) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        expect(await violations(page)).toEqual([])
        if (shots !== undefined) await page.screenshot({ path: join(shots, `${name}-${colorScheme}.png`) })
      }
    }

    it('that were damaged are an error box and a lasting warning, and what needs one says why it does not start', async () => {
      const boxes = await new Steering(app).calls('showMessageBox')
      expect(boxes).toContainEqual([
        expect.objectContaining({ type: 'error', detail: expect.stringContaining('damaged') as string }),
      ])
      expect(readFileSync(`${file}.damaged`, 'utf8')).toBe('{"NETCAT_BIND":"c3Rhbm')
      await page.getByText(/The file of the secrets was damaged/).waitFor()
      await page.getByText(/agent edge is not started: .*NETCAT_BIND/).waitFor()
    })

    it('that are missing can be given while no agent runs, and the flow starts with them', async () => {
      await page.getByRole('link', { name: 'Give the secrets that are missing' }).click()
      const row = page.getByRole('row', { name: /NETCAT_BIND/ })
      await row.getByText('missing: what uses it cannot start').waitFor()
      await row.getByText('edge.sources.netcat1.bind').waitFor()
      await inBothThemes('secrets-missing')
      await row.getByRole('button', { name: 'Give NETCAT_BIND…' }).click()
      await page.getByLabel('Value').fill('127.0.0.1')
      await inBothThemes('secrets-give')
      await page.getByRole('button', { name: 'Keep' }).click()
      await row.getByText('kept in the keychain').waitFor()
      await page.getByText('Agent', { exact: true }).first().waitFor()
      await eventually(() => listensAt('127.0.0.1', port))
      expect(readFileSync(file, 'utf8')).not.toContain('127.0.0.1')
    })

    it('keep their warning until somebody takes it away', async () => {
      await page.getByRole('button', { name: /take the warning away/ }).click()
      await eventually(async () => expect(await page.getByText(/The file of the secrets was damaged/).count()).toBe(0))
    })

    it('that are replaced reach the agent that runs', async () => {
      await page.getByRole('button', { name: 'Replace NETCAT_BIND…' }).click()
      await page.getByLabel('Value').fill('127.0.0.2')
      await page.getByRole('button', { name: 'Keep' }).click()
      await eventually(() => listensAt('127.0.0.2', port))
    })

    it('are removed only after a warning that says what needs them', async () => {
      await page.getByRole('button', { name: 'Remove NETCAT_BIND…' }).click()
      await page.getByText(/edge\.sources\.netcat1\.bind needs NETCAT_BIND/).waitFor()
      await inBothThemes('secrets-remove')
      await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
      await page.getByText('missing: what uses it cannot start').waitFor()
      await page.evaluate(() => {
        location.hash = '/configuration'
      })
      await page.getByRole('link', { name: 'Give NETCAT_BIND as a secret' }).click()
      await page.getByRole('heading', { level: 1, name: 'Secrets' }).waitFor()
    })

    it('cannot be given where the system has no keychain, which is said', async () => {
      await app.electron.evaluate((electron) => {
        ;(electron as unknown as { keychain: { backend: string } }).keychain.backend = 'basic_text'
      })
      await page.evaluate(() => {
        location.hash = '/flow'
      })
      await page.getByRole('heading', { level: 1, name: 'Flow' }).waitFor()
      await page.getByRole('link', { name: 'Secrets' }).click()
      await page.getByText(/Nothing can be kept here: this system has no keychain/).waitFor()
      expect(await page.getByRole('button', { name: 'Give NETCAT_BIND…' }).isDisabled()).toBe(true)
      await inBothThemes('secrets-unsafe')
    })
  })
