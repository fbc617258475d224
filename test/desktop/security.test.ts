import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DesktopApp } from './desktop-app.ts'
import { hosts, on } from './hosts.ts'
import { Steering } from './steering.ts'

interface GuardedWindow {
  options: { webPreferences: Record<string, unknown> }
  webContents: {
    mainFrame: { url: string; parent: unknown }
    emit(event: string, ...args: unknown[]): void
    windowOpenHandler(details: { url: string }): unknown
    getURL(): string
  }
}
interface StandIn {
  privileged: unknown
  session: {
    defaultSession: {
      permissionRequestHandler(page: { getURL(): string }, permission: string, answer: (yes: boolean) => void): void
      permissionCheckHandler(page: { getURL(): string } | null, permission: string, origin: string): boolean
    }
  }
  ipcMain: {
    answer(event: unknown, channel: string, args: unknown[]): Promise<{ result?: unknown; error?: string }>
  }
}

for (const host of hosts)
  describe.skipIf(host.executable === undefined)(`the page, ${on(host)}`, () => {
    let app: DesktopApp
    let page: Page
    const complaints: string[] = []
    beforeAll(async () => {
      app = await DesktopApp.start(host)
      page = await app.flow()
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text())
      })
    })
    afterAll(() => app.close())

    const fetched = (path: string, method = 'GET') =>
      page.evaluate(
        async ({ path, method }) => {
          const response = await fetch(path, { method })
          return { status: response.status, policy: response.headers.get('content-security-policy') }
        },
        { path, method },
      )

    it('has Electron nowhere in reach and only the verbs of the bridge', async () => {
      const reach = await page.evaluate(() => ({
        globals: ['require', 'process', 'module', 'ipcRenderer', 'electron'].filter((name) => name in globalThis),
        bridge: Object.keys(window.sluice ?? {}).sort(),
        desktop: Object.keys(window.sluice?.desktop ?? {}).sort(),
      }))
      expect(reach).toEqual({
        globals: [],
        bridge: ['call', 'cancel', 'desktop', 'session', 'subscribe', 'unsubscribe'],
        desktop: [
          'forgetSecret',
          'keepSecret',
          'onNavigate',
          'pickChannelFolder',
          'pickFolder',
          'saveExport',
          'secrets',
          'settleSecrets',
          'takeChannelFolder',
        ],
      })
    })

    it('comes with a policy and a nonce that is fresh each time', async () => {
      const policies = [await fetched('/index.html'), await fetched('/')].map(({ policy }) => policy ?? '')
      const nonces = policies.map((policy) => /'nonce-([^']+)'/.exec(policy)?.[1])
      expect(nonces[0]).not.toBe(nonces[1])
      expect(policies[0]).toBe(
        `default-src 'self'; style-src 'self' 'nonce-${nonces[0] ?? ''}'; object-src 'none'; base-uri 'none'; ` +
          "form-action 'none'; frame-ancestors 'none'",
      )
    })

    it('runs no inline script and no eval, and loads nothing from elsewhere', async () => {
      const ran = await page.evaluate(async () => {
        const script = document.createElement('script')
        script.textContent = 'globalThis.inlineRan = true'
        document.body.append(script)
        const remote = await fetch('https://example.com/').catch(() => 'refused')
        return { inline: 'inlineRan' in globalThis, remote: remote === 'refused' }
      })
      expect(ran).toEqual({ inline: false, remote: true })
      expect(complaints.join('\n')).toMatch(/Content Security Policy/)
    })

    it('is served from its folder and from nowhere above it', async () => {
      for (const path of ['/../electron/main.js', '/%2e%2e/electron/main.js', '/..%2felectron%2fmain.js', '/none.js'])
        expect((await fetched(path)).status).toBe(404)
      expect((await fetched('/icon.svg')).status).toBe(200)
      expect((await fetched('/icon.svg', 'POST')).status).toBe(405)
      expect((await fetched('/%ff')).status).toBe(400)
    })

    it('gets what the contract has and an error for all else, without a stack or a path', async () => {
      const ask = (name: string, params: unknown, agent = 'edge') =>
        page.evaluate(({ name, params, agent }) => window.sluice?.call(5, agent, name, params), { name, params, agent })
      expect(await ask('constructor', {})).toEqual({
        error: { code: 'SLUICE_CONTROL', message: expect.any(String) as string },
      })
      expect(await ask('history', { series: 7 })).toMatchObject({
        error: {
          code: 'SLUICE_CONTROL',
          message: expect.stringMatching(/^history does not take that: series: /) as string,
        },
      })
      expect(await ask('status', {}, 'nobody')).toMatchObject({
        error: { message: 'there is no agent nobody: give one of edge, collector' },
      })
      expect(await ask('', {})).toMatchObject({ error: { code: 'SLUICE_CONTROL' } })
      expect(JSON.stringify(await ask('pause', { component: 'nothing' }))).not.toMatch(/node:|\.js:|\bat /)
      await expect(page.evaluate(() => window.sluice?.call(6, 'edge', 'status', () => 1))).rejects.toThrow(/clone/)
    })
  })

for (const host of hosts.filter(({ steered }) => steered))
  describe.skipIf(host.executable === undefined)(`the guards of the window, ${on(host)}`, () => {
    let app: DesktopApp
    let desktop: Steering
    beforeAll(async () => {
      app = await DesktopApp.start(host)
      desktop = new Steering(app)
      await app.flow()
    })
    afterAll(() => app.close())

    it('isolates, sandboxes, and gives the page no Node', async () => {
      const preferences = await app.electron.evaluate(({ BrowserWindow }) => {
        const [window] = BrowserWindow.getAllWindows() as unknown as GuardedWindow[]
        return window?.options.webPreferences
      })
      expect(preferences).toMatchObject({
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        webviewTag: false,
        allowRunningInsecureContent: false,
        experimentalFeatures: false,
        navigateOnDragDrop: false,
        // It is not packaged; what is, is tested below.
        devTools: true,
      })
      expect(await app.electron.evaluate((electron) => (electron as unknown as StandIn).privileged)).toEqual([
        { scheme: 'sluice', privileges: { standard: true, secure: true, supportFetchAPI: true } },
      ])
    })

    it('lets the page go nowhere, open nothing, and hands only known addresses to the browser', async () => {
      const result = await app.electron.evaluate(({ BrowserWindow }) => {
        const [{ webContents } = {}] = BrowserWindow.getAllWindows() as unknown as Partial<GuardedWindow>[]
        const stopped = (event: string, url: string) => {
          let prevented = false
          const preventDefault = () => {
            prevented = true
          }
          webContents?.emit(event, { url, preventDefault }, url)
          return prevented
        }
        const addresses = ['https://evil.example/', 'sluice://app.evil/', 'sluice://app@evil/', 'file:///etc/passwd']
        const opened = ['https://github.com/x', 'https://evil.example/', 'file:///etc/passwd', 'javascript:alert(1)']
        return {
          left: addresses.filter((url) => !stopped('will-navigate', url) || !stopped('will-redirect', url)),
          stays: stopped('will-navigate', 'sluice://app/index.html'),
          webview: stopped('will-attach-webview', ''),
          opened: opened.map((url) => webContents?.windowOpenHandler({ url })),
        }
      })
      expect(result).toEqual({ left: [], stays: false, webview: true, opened: Array(4).fill({ action: 'deny' }) })
      expect(await desktop.calls('openExternal')).toEqual([['https://github.com/x']])
    })

    it('grants what the page needs and no other permission', async () => {
      const granted = await app.electron.evaluate((electron) => {
        const guards = (electron as unknown as StandIn).session.defaultSession
        const ours = { getURL: () => 'sluice://app/index.html#/flow' }
        const foreign = { getURL: () => 'https://evil.example/' }
        const asked = [
          'clipboard-sanitized-write',
          'notifications',
          'media',
          'geolocation',
          'clipboard-read',
          'usb',
          'openExternal',
        ]
        return asked.filter((permission) => {
          const answers: boolean[] = []
          for (const page of [ours, foreign])
            guards.permissionRequestHandler(page, permission, (yes) => answers.push(yes))
          answers.push(guards.permissionCheckHandler(ours, permission, 'sluice://app'))
          answers.push(guards.permissionCheckHandler(foreign, permission, 'https://evil.example'))
          const [asks, foreignAsks, checks, foreignChecks] = answers
          if (foreignAsks !== false || foreignChecks !== false) throw new Error(`${permission} is granted to others`)
          return asks === true && checks === true
        })
      })
      expect(granted).toEqual(['clipboard-sanitized-write', 'notifications'])
    })

    it('hears the main frame of its own page and nobody else', async () => {
      const answers = await app.electron.evaluate(async (electron) => {
        const { ipcMain, BrowserWindow } = electron as unknown as StandIn & typeof electron
        const [window] = BrowserWindow.getAllWindows() as unknown as GuardedWindow[]
        const sender = window?.webContents
        const ours = { url: 'sluice://app/index.html', parent: null }
        const events = [
          { sender, senderFrame: ours },
          { sender, senderFrame: null },
          { sender, senderFrame: { ...ours, parent: ours } },
          { sender, senderFrame: { url: 'https://evil.example/sluice://app/', parent: null } },
          { sender: {}, senderFrame: ours },
        ]
        return await Promise.all(events.map((event) => ipcMain.answer(event, 'sluice:call', [{ verb: 'session' }])))
      })
      const [first, ...others] = answers
      expect(first).toMatchObject({ result: { result: { agents: ['edge', 'collector'] } } })
      for (const other of others) expect(other).toMatchObject({ result: { error: { code: 'SLUICE_FORBIDDEN' } } })
    })

    it('loads a page that has crashed once more and keeps crash reports on this machine', async () => {
      expect(await desktop.calls('crashReporter.start')).toEqual([[{ uploadToServer: false }]])
      await app.electron.evaluate(({ BrowserWindow }) => {
        const [window] = BrowserWindow.getAllWindows() as unknown as GuardedWindow[]
        window?.webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 })
      })
      await (await app.page()).getByText('netcat1').first().waitFor()
      const log = readFileSync(join(app.folder, 'user-data/logs/sluice.log'), 'utf8')
      expect(log).toContain("the page's process is gone: crashed (5)")
    })
  })

for (const host of hosts.filter(({ steered }) => steered))
  describe.skipIf(host.executable === undefined)(`the tools for developers, ${on(host)}`, () => {
    it.each([
      ['are off in a packaged app', [], false],
      ['are there when it is started with --devtools', ['--devtools'], true],
    ])('%s', async (_, more, there) => {
      const app = await DesktopApp.start(host, { arguments: ['--standin-packaged', ...more] })
      try {
        await app.flow()
        const found = await app.electron.evaluate(({ app, BrowserWindow, Menu }) => {
          const roles = (items: readonly { role?: unknown; submenu?: unknown }[]): unknown[] =>
            items.flatMap(({ role, submenu }) => [
              role,
              ...roles((submenu as { items?: typeof items } | undefined)?.items ?? []),
            ])
          const [window] = BrowserWindow.getAllWindows() as unknown as GuardedWindow[]
          return {
            packaged: app.isPackaged,
            window: window?.options.webPreferences.devTools,
            menu: roles((Menu.getApplicationMenu()?.items ?? []) as never).filter((role) => role === 'toggleDevTools'),
          }
        })
        expect(found).toEqual({ packaged: true, window: there, menu: there ? ['toggleDevTools'] : [] })
      } finally {
        await app.close()
      }
    })
  })
