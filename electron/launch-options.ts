import { resolve } from 'node:path'

/** What the app was started with. */
export interface LaunchOptions {
  /** Another workspace than the user's own; absolute. */
  readonly workspace: string | undefined
  /** Only the tray, as at login. */
  readonly hidden: boolean
  readonly devtools: boolean
  /** Open the window, see that it shows the flow, print so, and quit: a test of an installed app. */
  readonly smoke: boolean
}

/** Chromium's own switches stand among them, so what is not ours is left alone. */
export function launchOptions(args: readonly string[], workingDirectory: string): LaunchOptions {
  const workspace = args.find((argument) => argument.startsWith('--workspace='))?.slice('--workspace='.length)
  return {
    workspace: workspace === undefined || workspace === '' ? undefined : resolve(workingDirectory, workspace),
    hidden: args.includes('--hidden'),
    devtools: args.includes('--devtools'),
    smoke: args.includes('--smoke'),
  }
}
