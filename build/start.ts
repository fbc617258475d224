/** `npm start`: the desktop app where it can be shown, and otherwise the same flow without a window, with the reason. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { electronBinary, noDesktop } from './electron-binary.ts'

const root = join(import.meta.dirname, '..')
const given = process.argv.slice(2)
const headless = given.includes('--headless')

async function startHeadless(reason: string): Promise<void> {
  if (!headless) process.stdout.write(`No desktop window, because ${reason}. Sluice runs headless:\n`)
  const program = join(root, 'out/headless/sluice.js')
  process.argv = [process.execPath, program, 'start', '--headless', ...given.filter((one) => one !== '--headless')]
  await import(pathToFileURL(program).href)
}

const binary = electronBinary(join(root, 'node_modules/electron'))
const reason = headless ? '--headless was given' : noDesktop(binary, process.platform, process.env)

if (binary !== undefined && reason === undefined) {
  const child = spawn(binary, [root, ...given], { stdio: 'inherit' })
  // Ctrl-C reaches both; the app stops its agent first.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  child.once('exit', (code) => process.exit(code ?? 1))
  child.once('error', (error) => void startHeadless(`Electron could not be started (${error.message})`))
} else await startHeadless(reason ?? '')
