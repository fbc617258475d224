import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { electronBinary } from '../../build/electron-binary.ts'

const root = join(import.meta.dirname, '../..')

/** A program that runs the desktop app: Electron's own binary, or the stand-in that Playwright takes for it. */
export interface Host {
  readonly name: string
  readonly executable: string | undefined
  /** Whether tests can steer and read the desktop around the window (tray, notices, dialogs). */
  readonly steered: boolean
  /** Why it cannot run here; empty when it can. */
  readonly missing: string
}

const chromium = existsSync(process.env.CHROMIUM ?? '/usr/bin/chromium')
const electron = electronBinary(join(root, 'node_modules/electron'))

export const hosts: readonly Host[] = [
  {
    name: 'the stand-in',
    executable: chromium ? join(root, 'test/standin/electron') : undefined,
    steered: true,
    missing: chromium ? '' : 'no Chromium is installed',
  },
  {
    name: 'Electron',
    executable: electron,
    steered: false,
    missing: electron === undefined ? 'its binary is not downloaded' : '',
  },
]

/** The name of a host's tests, which says why they are skipped where they are. */
export const on = ({ name, missing }: Host) => `on ${name}${missing === '' ? '' : ` (skipped: ${missing})`}`
