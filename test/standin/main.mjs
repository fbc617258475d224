// Electron evaluates the whole entry before it is ready: a top-level await of whenReady() hangs there, so it must here.
import './hooks.mjs'
import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const { app } = await import('./app.mjs')
const { startChromium } = await import('./chromium.mjs')

// As in an app that is started by Electron's own program: argv[1] is the app.
process.argv.splice(1, 1)
process.versions.electron ??= 'stand-in'
process.resourcesPath = join(import.meta.dirname, 'resources')
const slow = setTimeout(() => {
  console.error('the entry has not finished evaluating: does it await app.whenReady() at top level?')
  process.exit(70)
}, 10_000)
let entry = resolve(process.argv[1])
if (statSync(entry).isDirectory()) {
  app.folder = entry
  entry = join(entry, JSON.parse(readFileSync(join(entry, 'package.json'), 'utf8')).main)
}
await import(pathToFileURL(entry).href)
clearTimeout(slow)
if (!app.over) {
  await startChromium(() => app.exit(1))
  app.becomeReady()
}
