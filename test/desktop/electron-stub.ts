/** As much of an Electron distribution as electron-builder looks at, where the real one is not downloaded. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPackage } from '@electron/asar'

/** The fuses' place in the binary: a sentinel, version 1, how many there are, and each one's state ('0' or '1'). */
const fuses = `dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX\u0001\u0009${'0'.repeat(9)}`

export async function makeElectronStub(folder: string, version: string): Promise<void> {
  mkdirSync(join(folder, 'resources'), { recursive: true })
  mkdirSync(join(folder, 'locales'))
  const empty = join(folder, '../electron-stub-app')
  mkdirSync(empty)
  writeFileSync(join(empty, 'main.js'), '')
  await createPackage(empty, join(folder, 'resources/default_app.asar'))
  writeFileSync(join(folder, 'electron'), `#!/bin/sh\n# ${fuses}\n`, { mode: 0o755 })
  writeFileSync(join(folder, 'version'), version)
  for (const name of [
    'LICENSE',
    'LICENSES.chromium.html',
    'chrome-sandbox',
    'chrome_crashpad_handler',
    'locales/en-US.pak',
  ])
    writeFileSync(join(folder, name), '')
}
