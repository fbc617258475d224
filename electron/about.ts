import { app, dialog, shell } from 'electron'
import { version } from '../core/cli/command/version.ts'
import { restartsText } from './app-tray.ts'

export interface AboutPage {
  readonly workspace: string
  readonly logs: string
  readonly crashDumps: string
  readonly crashes: number
}

/** Versions, folders and how often the agent was restarted; dumps stay on this machine. */
export async function showAbout({ workspace, logs, crashDumps, crashes }: AboutPage): Promise<void> {
  const { electron, chrome, node } = process.versions
  const lines = [
    `Electron ${electron}, Chromium ${chrome}, Node ${node}`,
    `Workspace: ${workspace}`,
    `Logs: ${logs}`,
    ...(crashes > 0 ? [restartsText(crashes)] : []),
  ]
  const { response } = await dialog.showMessageBox({
    type: 'info',
    title: 'About Sluice',
    message: `${app.getName()} ${version}`,
    detail: lines.join('\n'),
    buttons: ['Close', 'Open the log folder', 'Open the folder of crash reports'],
    defaultId: 0,
    cancelId: 0,
  })
  if (response === 1) await shell.openPath(logs)
  else if (response === 2) await shell.openPath(crashDumps)
}
