import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig, type Plugin } from 'vite'
import { bundledModules } from './bundled-modules.ts'
import { root, workers, workerUrls } from './worker-urls.ts'

/** On a display of twice the density Electron takes the one that says so in its name. */
const trayIcons: Plugin = {
  name: 'sluice-tray-icons',
  generateBundle() {
    for (const [fileName, size] of [
      ['tray.png', '22x22'],
      ['tray@2x.png', '48x48'],
    ] as const)
      this.emitFile({ type: 'asset', fileName, source: readFileSync(join(root, `build/icons/${size}.png`)) })
  },
}

/** The desktop's main process and the agent's: modules for the Node inside Electron; better-sqlite3 stays a package. */
// eslint-disable-next-line no-restricted-syntax -- the loader takes the default export
export default defineConfig({
  root,
  plugins: [workerUrls, trayIcons, bundledModules('electron')],
  publicDir: false,
  ssr: { noExternal: true, external: ['electron', 'better-sqlite3'] },
  build: {
    ssr: true,
    target: 'node24',
    outDir: 'out/electron',
    emptyOutDir: true,
    rolldownOptions: {
      input: [join(root, 'electron/main.ts'), join(root, 'electron/agent-process.ts'), ...workers],
      // All in one folder, so that './worker.js' is right from whichever file the bundler puts it in.
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
})
