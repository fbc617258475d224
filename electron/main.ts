/** The desktop app, put together: what is made, in which order, and who tells whom. */
import { join } from 'node:path'
import { app, BrowserWindow, dialog, ipcMain, protocol, utilityProcess } from 'electron'
import { processContext } from '../core/cli/command/context.ts'
import { dataHome } from '../core/cli/command/data-home.ts'
import { version } from '../core/cli/command/version.ts'
import { StaticFiles } from '../core/console/static-files.ts'
import { SluiceError } from '../core/errors.ts'
import { AgentSupervisor } from './agent-supervisor.ts'
import { linkAmong, placeOfLink } from './deep-link.ts'
import { saveExport } from './export-saving.ts'
import { launchOptions } from './launch-options.ts'
import { MainWindow } from './main-window.ts'
import { PageBroker } from './page-broker.ts'
import { answerPage, registerScheme, scheme } from './page-protocol.ts'

const here = import.meta.dirname
const options = launchOptions(process.argv, process.cwd())

registerScheme(protocol)

function start(): void {
  const files = new StaticFiles(join(here, '../renderer'))
  const workspace = options.workspace ?? join(dataHome(processContext()), 'workspace')
  const log = (text: string) => void process.stderr.write(`${text}\n`)
  const window = new MainWindow({
    preload: join(here, 'preload.cjs'),
    stateFile: join(app.getPath('userData'), 'window-state.json'),
    devtools: !app.isPackaged || options.devtools,
    onExternalLink: () => undefined,
    onLeft: () => broker.release(),
    log,
  })
  const supervisor = new AgentSupervisor({
    fork: () =>
      utilityProcess.fork(join(here, 'agent-process.js'), [workspace], { serviceName: 'Sluice agent', stdio: 'pipe' }),
    onChange: () => undefined,
    onOutput: (text) => void process.stderr.write(text),
  })
  const goOn = () => {
    const place = window.takePlace()
    if (place !== undefined) broker.navigate(place)
  }
  const broker = new PageBroker({
    ipc: ipcMain,
    page: () => window.page,
    port: (agent) => supervisor.port(agent),
    session: () => {
      const { state, reason, agents } = supervisor.process
      if (state === 'running') return { agents: agents.map(({ name }) => name), role: 'configure', version }
      throw new SluiceError('SLUICE_CONTROL', reason === '' ? 'the agent is starting' : reason)
    },
    pickFolder: async () =>
      (await dialog.showOpenDialog({ properties: ['openDirectory', 'createDirectory'] })).filePaths[0],
    saveExport: (agent, file) => saveExport(supervisor.process.agents, agent, file),
    onReady: () => {
      window.pageReady()
      goOn()
    },
    checkResults: !app.isPackaged,
  })
  const show = (place?: string) => {
    window.show(place)
    goOn()
  }
  app.on('second-instance', (_event, args) => {
    const link = linkAmong(args)
    show(link === undefined ? undefined : placeOfLink(link))
  })
  let stopped = false
  app.on('before-quit', (event) => {
    if (stopped) return
    event.preventDefault()
    void supervisor.stop().then(() => {
      stopped = true
      app.quit()
    })
  })
  protocol.handle(scheme, (request) => answerPage(files, request))
  supervisor.start()
  if (!options.hidden) show(placeOfLink(linkAmong(process.argv) ?? ''))
}

if (app.requestSingleInstanceLock()) {
  // The agent stays when the window is closed; the tray ends both.
  app.on('window-all-closed', () => undefined)
  app.on('activate', () => BrowserWindow.getAllWindows()[0]?.show())
  // Not awaited here: Electron becomes ready only when this file has been evaluated.
  void app.whenReady().then(start)
} else app.quit()
