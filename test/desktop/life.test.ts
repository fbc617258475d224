import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentPids, DesktopApp, eventually } from './desktop-app.ts'
import { hosts, on } from './hosts.ts'
import { Steering } from './steering.ts'

const root = join(import.meta.dirname, '../..')

for (const host of hosts.filter(({ steered }) => steered))
  describe.skipIf(host.executable === undefined)(on(host), () => {
    let app: DesktopApp
    let desktop: Steering
    beforeAll(async () => {
      app = await DesktopApp.start(host)
      desktop = new Steering(app)
      await app.flow()
    })
    afterAll(() => app.close())

    /** Starts the app once more in the same folder, as a user or a link does. */
    const startAgain = (...args: string[]) =>
      new Promise<number | null>((resolve) => {
        const folder = `--user-data-dir=${join(app.folder, 'user-data')}`
        const again = spawn(host.executable ?? '', [root, folder, ...args], { cwd: root, stdio: 'ignore' })
        again.once('exit', resolve)
      })
    const place = async () => new URL((await app.page()).url()).hash

    it('keeps the agent when the window is closed, and shows it again at a second start', async () => {
      const [pid] = await agentPids(app)
      await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
      await eventually(async () => expect(await desktop.windows()).toBe(0))
      appendFileSync(join(app.folder, 'workspace/inbox/closed.log'), 'while closed\n')
      await eventually(() => expect(app.collected()).toContain('while closed'))
      expect(await startAgain()).toBe(0)
      await eventually(async () => expect(await desktop.windows()).toBe(1))
      await (await app.page()).getByRole('heading', { level: 1, name: 'Flow' }).waitFor()
      expect(await agentPids(app)).toEqual([pid])
    })

    it('goes where a link leads, and nowhere for one that wants something else', async () => {
      expect(await startAgain('sluice://channel/backlog')).toBe(0)
      await eventually(async () => expect(await place()).toBe('#/channel/backlog'))
      for (const link of ['sluice://stop', 'sluice://channel/..%2F..', 'sluice://app/index.html', 'sluice://flow:8/'])
        expect(await startAgain(link)).toBe(0)
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(await place()).toBe('#/channel/backlog')
      expect(await desktop.windows()).toBe(1)
    })

    it('pauses and resumes everything from the tray, which says so', async () => {
      const sinks = async () => {
        const answer = await (await app.page()).evaluate(() => window.sluice?.call(2_000_001, 'edge', 'status', {}))
        return JSON.stringify(answer)
      }
      await desktop.clickTray('pause')
      await eventually(async () => expect((await desktop.tray()).toolTip).toMatch(/^Sluice: Paused, /))
      expect(await sinks()).toContain('"command":"paused"')
      expect((await desktop.tray()).items.find(({ id }) => id === 'pause')).toMatchObject({ enabled: false })
      await desktop.clickTray('resume')
      await eventually(async () => expect((await desktop.tray()).toolTip).toMatch(/^Sluice: Running, /))
      expect(await sinks()).not.toContain('"command":"paused"')
    })

    it('starts the agent again when its process was killed, says so, counts it, and the window goes on', async () => {
      const [pid] = await agentPids(app)
      process.kill(pid ?? 0, 'SIGKILL')
      await eventually(async () => {
        const [fresh] = await agentPids(app)
        expect(fresh).toBeDefined()
        expect(fresh).not.toBe(pid)
      })
      const crashes = async () => (await desktop.tray()).items.find(({ id }) => id === 'crashes')
      await eventually(async () =>
        expect(await crashes()).toMatchObject({ label: 'The agent was restarted once', visible: true }),
      )
      expect(await desktop.notices()).toContainEqual(expect.objectContaining({ title: 'The agent ended unexpectedly' }))
      appendFileSync(join(app.folder, 'workspace/inbox/again.log'), 'after the kill\n')
      await eventually(() => expect(app.collected().filter((line) => line === 'after the kill')).toHaveLength(1))
      await (
        await app.page()
      ).evaluate(() => {
        location.hash = '/flow'
      })
      await (await app.page()).getByText('netcat1').first().waitFor()
      await desktop.clickMenu('about')
      await eventually(async () => {
        const [[about] = []] = await desktop.calls('showMessageBox')
        expect(about).toMatchObject({ detail: expect.stringContaining('The agent was restarted once') as string })
      })
    })

    it('leads from a notice to the view that shows what it is about', async () => {
      await desktop.clickNotice('The agent ended unexpectedly')
      await eventually(async () => expect(await place()).toBe('#/events'))
    })

    it('tells the agents that the machine slept, which mark it and write it down', async () => {
      await app.electron.evaluate(({ powerMonitor }) => {
        const { now } = Date
        Date.now = () => now() - 3 * 3_600_000
        powerMonitor.emit('suspend')
        Date.now = now
        powerMonitor.emit('resume')
      })
      const page = await app.page()
      for (const agent of ['edge', 'collector'])
        await eventually(async () => {
          const answer = await page.evaluate(
            (agent) => window.sluice?.call(6_000_001, agent, 'marks', { from: 0, to: 1e15 }),
            agent,
          )
          expect(JSON.stringify(answer)).toContain('"kind":"slept"')
          expect(JSON.stringify(answer)).toContain('the machine slept for 3 h')
        })
      const events = await page.evaluate(() =>
        window.sluice?.call(6_000_002, 'edge', 'events', { limit: 50, acknowledged: true }),
      )
      expect(JSON.stringify(events)).toContain('"code":"slept"')
    })

    it('shows the agent that a notice is about, and its view', async () => {
      const page = await app.page()
      await page.evaluate(() => {
        location.hash = '/channel?agent=collector'
      })
      await page.getByRole('heading', { level: 1, name: /^Channel/ }).waitFor()
      await eventually(async () =>
        expect(await page.getByLabel('Agent', { exact: true }).inputValue()).toBe('collector'),
      )
      await eventually(async () => expect(await place()).toBe('#/channel'))
      await page.evaluate(() => {
        location.hash = '/flow?agent=edge'
      })
      await page.getByText('netcat1').first().waitFor()
    })

    it('starts at login when it is told to, by a file in the autostart folder', async () => {
      const file = join(app.folder, 'config/autostart/sluice.desktop')
      await desktop.clickTray('login')
      await eventually(() => expect(readFileSync(file, 'utf8')).toMatch(/^Exec=.* --hidden$/m))
      expect((await desktop.tray()).items.find(({ id }) => id === 'login')).toMatchObject({ checked: true })
      await desktop.clickTray('login')
      await eventually(() => expect(existsSync(file)).toBe(false))
    })

    it('copies a finished export to where the user says, and nothing else', async () => {
      const page = await app.page()
      const saving = (file: string) =>
        page.evaluate(
          (file) => window.sluice?.desktop.saveExport('edge', file).catch((error: unknown) => String(error)),
          file,
        )
      const target = join(app.folder, 'saved.ndjson')
      await desktop.answer('showSaveDialog', { canceled: false, filePath: target })
      expect(await saving('../agent.db')).toMatch(/no name of an export/)
      expect(await saving('none.ndjson')).toMatch(/cannot be saved/)
      expect(await saving('none.ndjson')).toBeUndefined()
      expect(existsSync(target)).toBe(false)
    })

    it('keeps a secret in the keychain only, and gives it to the configuration', async () => {
      const page = await app.page()
      await page.evaluate(() => window.sluice?.desktop.keepSecret('UPSTREAM_PASSWORD', 'tr0ub4dor'))
      const shown = await page.evaluate(() => window.sluice?.desktop.secrets())
      expect(shown?.secrets).toEqual([{ name: 'UPSTREAM_PASSWORD', given: 'kept', kept: true, uses: [] }])
      expect(JSON.stringify(shown)).not.toContain('tr0ub4dor')
      const findings = (name: string) =>
        page.evaluate(async (name) => {
          const files = [{ path: '', text: '' }]
          const shown = await window.sluice?.call(4_000_001, 'edge', 'configGet', {})
          if (shown && 'result' in shown) files.splice(0, 1, ...(shown.result as typeof files))
          for (const file of files) file.text += `\nedge.sources.netcat1.bind = \${${name}}\n`
          const answer = await window.sluice?.call(4_000_002, 'edge', 'configCheck', { files })
          return JSON.stringify(answer)
        }, name)
      expect(await findings('UPSTREAM_PASSWORD')).not.toContain('UPSTREAM_PASSWORD')
      expect(await findings('NEVER_GIVEN')).toContain('NEVER_GIVEN')
      const file = join(app.folder, 'user-data/secrets.json')
      expect(readFileSync(file, 'utf8')).not.toContain('tr0ub4dor')
      await app.electron.evaluate((electron) => {
        ;(electron as unknown as { keychain: { backend: string } }).keychain.backend = 'basic_text'
      })
      const refused = await page.evaluate(() =>
        window.sluice?.desktop.keepSecret('OTHER', 'x').catch((error: unknown) => String(error)),
      )
      expect(refused).toMatch(/no keychain that is open/)
    })

    it('stops the agent before it quits', async () => {
      const [pid = 0] = await agentPids(app)
      await app.electron.close()
      expect(() => process.kill(pid, 0)).toThrow('ESRCH')
      expect(readFileSync(join(app.folder, 'user-data/logs/sluice.log'), 'utf8')).toContain('"message":"stopped"')
    })
  })
