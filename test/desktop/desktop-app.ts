/** The built desktop app, started by a host as a user starts it, with a workspace of its own. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import type {} from '../../renderer/connection/desktop-bridge.ts'
import type { Host } from './hosts.ts'

const root = join(import.meta.dirname, '../..')

export interface DesktopAppOptions {
  readonly arguments?: readonly string[]
  /** Another app than the one that was built: an extracted package. */
  readonly app?: string
  readonly environment?: Readonly<Record<string, string>>
  /** That of an app that was started before. */
  readonly folder?: string
}

export class DesktopApp {
  readonly folder: string
  readonly electron: ElectronApplication
  /** What main and the agent's process wrote. */
  output = ''
  readonly #ownsFolder: boolean

  private constructor(folder: string, electron: ElectronApplication, ownsFolder: boolean) {
    this.folder = folder
    this.electron = electron
    this.#ownsFolder = ownsFolder
    const { stdout, stderr } = electron.process()
    for (const stream of [stdout, stderr])
      stream?.on('data', (text: Buffer) => {
        this.output += text.toString('utf8')
      })
  }

  static async start(host: Host, options: DesktopAppOptions = {}): Promise<DesktopApp> {
    const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'sluice-desktop-'))
    const electron = await _electron.launch({
      executablePath: host.executable ?? '',
      args: [
        options.app ?? root,
        `--user-data-dir=${join(folder, 'user-data')}`,
        `--workspace=${join(folder, 'workspace')}`,
        ...(options.arguments ?? []),
      ],
      cwd: root,
      env: {
        ...(process.env as Record<string, string>),
        XDG_CONFIG_HOME: join(folder, 'config'),
        ...options.environment,
      },
      timeout: 30_000,
    })
    return new DesktopApp(folder, electron, options.folder === undefined)
  }

  /** The window's page, once it shows the flow. */
  async flow(): Promise<Page> {
    const page = await this.electron.firstWindow()
    await page.getByRole('heading', { level: 1, name: 'Flow' }).waitFor()
    return page
  }

  /** The page of the window that is open now. */
  async page(): Promise<Page> {
    const open = this.electron.windows().filter((page) => !page.isClosed())
    return open.at(-1) ?? (await this.electron.firstWindow())
  }

  /** The lines that have come out of the second tier. */
  collected(): string[] {
    const folder = join(this.folder, 'workspace/collected')
    const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
    return texts.flatMap((text) => text.split('\n')).filter((line) => line !== '')
  }

  async close(): Promise<void> {
    await this.electron.close()
    if (this.#ownsFolder) rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** The agents' processes: what they say of themselves, through the page. */
export async function agentPids(app: DesktopApp): Promise<number[]> {
  const page = await app.page()
  const answer = await page.evaluate(() =>
    window.sluice?.call(3_000_000 + (Date.now() % 1_000_000), 'edge', 'status', {}),
  )
  if (answer === undefined || 'error' in answer) return []
  return [(answer.result as { pid: number }).pid]
}

/** Tries until it holds; the error is that of the last try. */
export async function eventually<Value>(look: () => Promise<Value> | Value, milliseconds = 15_000): Promise<Value> {
  const deadline = performance.now() + milliseconds
  for (;;)
    try {
      return await look()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
}
