/** A real headless agent in a process of its own and its console in a real Chromium, as an operator has them. */
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { SluiceProcess } from '../integration/sluice-process.ts'
import { giveToNobody, throughNobody } from '../integration/without-rights.ts'

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
)
/** Why no test of the window can run here; empty when they can. */
export const windowMissing = chromiumPath === undefined ? 'no Chromium is installed' : ''
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: chromiumPath ?? '',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })
}

export interface ConsolePageOptions {
  /** The text of the configuration; `FOLDER` stands for the test's own folder. */
  readonly flow: string
  /** The agent's name: `a1` unless said. */
  readonly agent?: string
  readonly context?: BrowserContextOptions
  /** What the folder holds before the agent starts. */
  readonly prepare?: (folder: string) => void
  /** The agent runs as a user who may do nothing but what the folder allows. */
  readonly withoutRights?: boolean
}

/** An agent, its folder, and a page that shows it. */
export class ConsolePage {
  readonly folder: string
  readonly flowFile: string
  readonly page: Page
  /** What the page complained about: errors of scripts and of its policy. */
  readonly complaints: string[] = []
  #agent: SluiceProcess
  readonly #name: string
  #kept: Server | undefined

  private constructor(folder: string, flowFile: string, page: Page, agent: SluiceProcess, name: string) {
    this.#name = name
    this.folder = folder
    this.flowFile = flowFile
    this.page = page
    this.#agent = agent
    page.on('pageerror', (error) => this.complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text())
    })
  }

  /** Without motion: what looks at colours must not meet one that is on its way to another. */
  static async open(
    browser: Browser,
    { flow, agent: name = 'a1', context, prepare, withoutRights = false }: ConsolePageOptions,
  ): Promise<ConsolePage> {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-web-'))
    const flowFile = join(folder, 'flow.properties')
    writeFileSync(flowFile, flow.replaceAll('FOLDER', folder))
    mkdirSync(join(folder, 'in'))
    mkdirSync(join(folder, 'out'))
    prepare?.(folder)
    if (withoutRights) giveToNobody(folder)
    const through = withoutRights ? throughNobody : []
    const agent = start(folder, flowFile, through, name)
    const address = await consoleAddress(agent)
    const page = await (
      await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...context })
    ).newPage()
    const opened = new ConsolePage(folder, flowFile, page, agent, name)
    await page.goto(address)
    await page.getByRole('heading', { level: 1, name: 'Flow' }).waitFor()
    return opened
  }

  /** Opens a view by its path: `/sources/r1`. */
  async go(path: string): Promise<void> {
    await this.page.evaluate((to) => {
      location.hash = to
    }, path)
  }

  flow(): string {
    return readFileSync(this.flowFile, 'utf8')
  }

  /** What axe finds in the present view (WCAG 2.2 A and AA and best practices), in words. */
  async violations(): Promise<string[]> {
    await this.page.evaluate(readFileSync(axePath, 'utf8'))
    return await this.page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
      }
      const { violations } = await axe.run()
      return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))
    })
  }

  /** Ends the agent as `kill -9` does; the page stays, and nobody answers it. */
  async killAgent(): Promise<void> {
    await this.#agent.kill()
    // Its port is kept: the console of another test could take it, would ask to sign in, and the page would load it.
    this.#kept = createServer((socket) => socket.destroy()).listen(Number(new URL(this.page.url()).port), '127.0.0.1')
    await once(this.#kept, 'listening')
  }

  /**
   * Ends the agent as `kill -9` does, and starts another one in the same folder. Returns where its console is now: the
   * port may be another one.
   */
  async restartAgent(): Promise<string> {
    await this.#agent.kill()
    this.#agent = start(this.folder, this.flowFile, [], this.#name)
    return await consoleAddress(this.#agent)
  }

  async close(): Promise<void> {
    await this.page.context().close()
    this.#kept?.close()
    await this.#agent.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function start(folder: string, flowFile: string, through: readonly string[], agent: string): SluiceProcess {
  const data = join(folder, 'data')
  return new SluiceProcess(['agent', '-n', agent, '-f', flowFile, '--data-dir', data, '--console'], { through })
}

async function consoleAddress(agent: SluiceProcess): Promise<string> {
  const [address] = await agent.says(/http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/)
  return address
}
