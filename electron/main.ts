/** The desktop app, put together: what is made, in which order, and who tells whom. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import {
  app,
  crashReporter,
  dialog,
  ipcMain,
  powerMonitor,
  protocol,
  safeStorage,
  session,
  shell,
  utilityProcess,
} from 'electron'
import { processContext } from '../core/cli/command/context.ts'
import { dataHome } from '../core/cli/command/data-home.ts'
import { workspaceFlow } from '../core/cli/command/workspace.ts'
import { errorText } from '../core/errors.ts'
import { StaticFiles } from '../core/console/static-files.ts'
import { showAbout } from './about.ts'
import { AgentSupervisor, sessionOf } from './agent-supervisor.ts'
import { setAppMenu } from './app-menu.ts'
import { AppTray } from './app-tray.ts'
import { ChannelFolderChoice } from './channel-folder-choice.ts'
import { linkAmong, placeOfLink } from './deep-link.ts'
import { saveExport } from './export-saving.ts'
import { externalAddress } from './external-links.ts'
import { type FlowSummary, FlowWatch } from './flow-watch.ts'
import { launchOptions } from './launch-options.ts'
import { LogFile } from './log-file.ts'
import { MainWindow } from './main-window.ts'
import { Notices } from './notices.ts'
import { PageBroker } from './page-broker.ts'
import { answerPage, isOurPage, registerScheme, scheme } from './page-protocol.ts'
import { restrictPermissions } from './permissions.ts'
import { SecretDesk } from './secret-desk.ts'
import { SecretStore } from './secret-store.ts'
import { Sleep } from './sleep.ts'
import { smokeTest } from './smoke-test.ts'
import { startAtLogin, xdgAutostart } from './start-at-login.ts'

const here = import.meta.dirname
const options = launchOptions(process.argv, process.cwd())
const workspace = options.workspace ?? join(dataHome(processContext()), 'workspace')
const devtools = !app.isPackaged || options.devtools

function start(firstLink: string | undefined): void {
  const userData = app.getPath('userData')
  const log = new LogFile(app.getPath('logs'))
  const secrets = new SecretStore(join(userData, 'secrets.json'), safeStorage, process.platform)
  const secretDesk = new SecretDesk({
    store: secrets,
    flow: workspaceFlow(workspace),
    baseDirectory: workspace,
    environment: process.env,
  })
  if (secrets.trouble !== '') {
    log.say(secrets.trouble, 'error')
    // Not waited for: nobody may be there at login, and what needs no secret is to run.
    void dialog.showMessageBox({ type: 'error', message: 'The secrets cannot be read', detail: secrets.trouble })
  }
  const channelFolder = new ChannelFolderChoice()
  const window = new MainWindow({
    preload: join(here, 'preload.cjs'),
    stateFile: join(userData, 'window-state.json'),
    devtools,
    onExternalLink: (address) => {
      const checked = externalAddress(address)
      if (checked !== undefined) void shell.openExternal(checked)
    },
    onLeft: () => broker.release(),
    log: (text) => log.say(text, 'warn'),
  })
  const supervisor = new AgentSupervisor({
    fork: () =>
      utilityProcess.fork(join(here, 'agent-process.js'), [workspace], { serviceName: 'Sluice agent', stdio: 'pipe' }),
    secrets: () => secrets.all((text) => log.say(text, 'error')),
    onOutput: (text) => log.write(text),
    onChange: ({ state, reason, agents, attachedTo }) => {
      const whose = attachedTo === undefined ? '' : `, as process ${attachedTo}, which the window is attached to`
      log.say(`the agent is ${state}${whose}${reason === '' ? '' : `: ${reason}`}`, reason === '' ? 'info' : 'warn')
      flow.watch(state === 'running' ? agents.map(({ name }) => name) : [])
      if (state === 'crashed') notices.show('The agent ended unexpectedly', reason, '/events')
      showTray()
    },
  })
  const broker = new PageBroker({
    ipc: ipcMain,
    page: () => window.page,
    port: (agent) => supervisor.port(agent),
    session: () => sessionOf(supervisor.process),
    desktop: {
      pickFolder: async () => {
        const { filePaths } = await dialog.showOpenDialog({ properties: ['openDirectory', 'createDirectory'] })
        return filePaths[0]
      },
      pickChannelFolder: () => channelFolder.pick(),
      takeChannelFolder: () => channelFolder.take(),
      saveExport: ({ agent, file }) => saveExport(supervisor.process.agents, agent, file),
      secrets: () => secretDesk.shown(),
      keepSecret: async ({ name, value }) => {
        await secrets.keep(name, value)
        await supervisor.sendSecrets()
      },
      forgetSecret: async ({ name }) => {
        await secrets.forget(name)
        await supervisor.sendSecrets()
      },
      settleSecrets: () => secrets.settle(),
    },
    onReady: () => {
      window.pageReady()
      goOn()
    },
    checkResults: !app.isPackaged,
  })
  const goOn = () => {
    const place = window.takePlace()
    if (place !== undefined) broker.navigate(place)
  }
  const show = (place?: string) => {
    window.show(place)
    goOn()
  }
  const quit = () => app.quit()
  const notices = new Notices(show)
  const sleep = new Sleep(powerMonitor, {
    log: (text) => log.say(text),
    woken: (since) => {
      supervisor.awake(since)
      void flow.look()
    },
    quit,
  })

  let summary: FlowSummary = { text: 'Starting', paused: false, draining: false }
  const flow = new FlowWatch({
    port: (agent) => supervisor.port(agent),
    onSummary: (found) => {
      summary = found
      sleep.stayAwake(found.draining)
      showTray()
    },
    onAlarm: (alarm) => notices.alarm(alarm),
  })
  const command = (name: 'pause' | 'resume') =>
    void flow.command(name).catch((error: unknown) => log.say(`${name} all: ${String(error)}`, 'error'))
  const login = startAtLogin(app, process.platform, () =>
    xdgAutostart(process.env, homedir(), [
      process.env.APPIMAGE ?? process.execPath,
      ...(app.isPackaged ? [] : [app.getAppPath()]),
    ]),
  )
  const tray = new AppTray(join(here, 'tray.png'), {
    open: () => show(),
    pauseAll: () => command('pause'),
    resumeAll: () => command('resume'),
    startAgent: () => supervisor.start(),
    setStartAtLogin: (enabled) => {
      login.set(enabled)
      showTray()
    },
    quit,
  })
  const showTray = () => {
    const { state, crashes } = supervisor.process
    const reachable = state === 'running'
    const text = reachable ? summary.text : `The agent is ${state}`
    tray.show({
      text,
      paused: summary.paused,
      reachable,
      stopped: state === 'stopped',
      crashes,
      startsAtLogin: login.enabled(),
    })
  }
  setAppMenu(
    {
      navigate: show,
      openChannelFolder: () => void channelFolder.pickForWindow().then((place) => place && show(place)),
      openWorkspace: () => void shell.openPath(workspace),
      openLogs: () => void shell.openPath(log.folder),
      about: () => {
        const { crashes } = supervisor.process
        void showAbout({ workspace, logs: log.folder, crashDumps: app.getPath('crashDumps'), crashes })
      },
      quit,
    },
    process.platform,
    devtools,
  )

  app.on('second-instance', (_event, args) => show(placeOfLink(linkAmong(args) ?? '')))
  app.on('open-url', (event, link) => {
    event.preventDefault()
    show(placeOfLink(link))
  })
  app.on('activate', () => show())
  let stopped = false
  app.on('before-quit', (event) => {
    if (stopped) return
    event.preventDefault()
    void supervisor.stop().then(() => {
      stopped = true
      app.quit()
    })
  })
  restrictPermissions(session.defaultSession, isOurPage)
  const files = new StaticFiles(join(here, '../renderer'))
  protocol.handle(scheme, (request) => answerPage(files, request))
  // From the source it would be Electron itself that links open.
  if (app.isPackaged) app.setAsDefaultProtocolClient(scheme)
  supervisor.start()
  if (!options.hidden) show(placeOfLink(firstLink ?? ''))
  if (options.smoke) void smokeTest(() => window.page).then((code) => supervisor.stop().then(() => app.exit(code)))
}

app.setName('Sluice')
registerScheme(protocol)
crashReporter.start({ uploadToServer: false })
// Before anything opens a file of the workspace.
if (app.requestSingleInstanceLock()) {
  let firstLink = linkAmong(process.argv)
  // On macOS a link that starts the app comes before it is ready.
  const remember = (_event: unknown, link: string) => {
    firstLink = link
  }
  app.once('open-url', remember)
  // The agent stays when the window is closed; the tray ends both.
  app.on('window-all-closed', () => undefined)
  // Not awaited here: Electron becomes ready only when this file has been evaluated.
  app
    .whenReady()
    .then(() => {
      app.off('open-url', remember)
      start(firstLink)
    })
    .catch((error: unknown) => {
      // Nobody would see why there is no window.
      dialog.showErrorBox('Sluice cannot start', errorText(error))
      app.exit(1)
    })
} else app.quit()
