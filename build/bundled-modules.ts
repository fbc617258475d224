import { mkdirSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { findPackage, type ModuleNotice, moduleNotice, packageFolder, withDependencies } from './module-notice.ts'
import { noticesText } from './notices-text.ts'

const root = join(import.meta.dirname, '..')

/** Code that the bundler adds of its own: by how it names it, whose it is, found from which package. */
const helpers: readonly (readonly [start: string, name: string, from: string])[] = [
  ['\0rolldown/', 'rolldown', 'vite'],
  ['\0vite/', 'vite', ''],
  ['\0plugin-vue:', '@vitejs/plugin-vue', ''],
]

/** Electron is no module of ours: its own LICENSE and that of Chromium lie beside every app made of it. */
const runtimes = new Set(['electron'])

/** The list of what one build put into its bundle, as `writeNotices` reads it. */
export function bundledModulesFile(build: string): string {
  return join(root, 'out/notices', `${build}.json`)
}

/**
 * Writes down the notice of every module that a build has put into its bundle, and of those that the bundle loads and that
 * are shipped beside it, with all they need. What the bundle holds is the bundler's own word, so that nobody keeps a list.
 * A module without a licence ends the build. With `fileName` they also lie in the bundle itself, under that name, as a text:
 * a page is passed on to everybody who opens it.
 */
export function bundledModules(build: string, fileName?: string): Plugin {
  const folders = new Set<string>()
  let notices: readonly ModuleNotice[] = []
  return {
    name: 'sluice-bundled-modules',
    generateBundle(_options, bundle) {
      folders.clear()
      for (const file of Object.values(bundle))
        if (file.type === 'chunk') {
          for (const id of Object.keys(file.modules)) addPackage(id)
          for (const name of [...file.imports, ...file.dynamicImports])
            if (!(name in bundle)) for (const one of shippedBeside(name)) folders.add(one)
        } else for (const name of file.originalFileNames) addPackage(name)
      notices = [...folders].map(moduleNotice)
      if (fileName !== undefined) this.emitFile({ type: 'asset', fileName, source: noticesText(notices) })
    },
    writeBundle() {
      mkdirSync(join(root, 'out/notices'), { recursive: true })
      writeFileSync(bundledModulesFile(build), JSON.stringify(notices))
    },
  }

  function addPackage(id: string): void {
    const folder = id.startsWith('\0') ? helperPackage(id) : packageFolder(id)
    if (folder !== undefined) folders.add(folder)
  }
}

function helperPackage(id: string): string {
  const inner = packageFolder(id.slice(1))
  if (inner !== undefined) return inner
  const [, name, from] = helpers.find(([start]) => id.startsWith(start)) ?? []
  if (name === undefined || from === undefined)
    throw new Error(`the bundle holds ${JSON.stringify(id)}, and nobody says whose it is: see helpers in this file`)
  return findPackage(name, from === '' ? root : findPackage(from, root))
}

function shippedBeside(name: string): Iterable<string> {
  if (name.startsWith('node:') || builtinModules.includes(name)) return []
  const [scope = '', module = ''] = name.split('/')
  const whole = scope.startsWith('@') ? `${scope}/${module}` : scope
  return runtimes.has(whole) ? [] : withDependencies(findPackage(whole, root))
}
