import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DevTools } from './devtools.mjs'

const switches = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-port=0',
  '--no-startup-window',
]

let chromium
let over = false
/** The connection to Chromium, once it is up. */
export let devTools

/** Resolves when Chromium can be spoken to; `lost` hears when it ends by itself. */
export async function startChromium(lost) {
  const profile = mkdtempSync(join(tmpdir(), 'sluice-standin-chromium-'))
  const program = process.env.CHROMIUM ?? '/usr/bin/chromium'
  chromium = spawn(program, [...switches, `--user-data-dir=${profile}`], { stdio: ['ignore', 'ignore', 'pipe'] })
  const removeProfile = () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  process.once('exit', () => {
    chromium.kill('SIGKILL')
    removeProfile()
  })
  chromium.once('exit', () => {
    removeProfile()
    if (!over) lost()
  })
  for await (const line of createInterface({ input: chromium.stderr })) {
    const [, address] = /^DevTools listening on (ws:.*)$/.exec(line) ?? []
    if (address === undefined) continue
    devTools = await DevTools.connect(address)
    chromium.stderr.resume()
    // Who drives Electron waits for this line.
    process.stderr.write(`${line}\n`)
    return
  }
}

export function stopChromium() {
  over = true
  const ended = chromium === undefined || chromium.exitCode !== null
  return ended ? Promise.resolve() : new Promise((resolve) => chromium.once('exit', resolve).kill())
}
