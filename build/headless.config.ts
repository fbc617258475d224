import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig, type Plugin } from 'vite'
import { bundledModules } from './bundled-modules.ts'
import { root, workers, workerUrls } from './worker-urls.ts'

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  name: string
  version: string
  license: string
  dependencies: Record<string, string>
}

/** What is beside the code: its dependencies are what a server must install, and nothing else. */
const packageFile: Plugin = {
  name: 'sluice-package-file',
  generateBundle() {
    const { name, version, license, dependencies } = manifest
    const bin = { sluice: 'sluice.js' }
    const text = { name, version, license, private: true, type: 'module', bin, engines: { node: '>=24' }, dependencies }
    this.emitFile({ type: 'asset', fileName: 'package.json', source: `${JSON.stringify(text, null, 2)}\n` })
  },
}

/** The agent and its command line for a server: plain JavaScript that needs better-sqlite3 and nothing else. */
// eslint-disable-next-line no-restricted-syntax -- the loader takes the default export
export default defineConfig({
  root,
  plugins: [workerUrls, packageFile, bundledModules('headless')],
  ssr: { noExternal: true, external: Object.keys(manifest.dependencies) },
  build: {
    ssr: true,
    target: 'node24',
    outDir: 'out/headless',
    emptyOutDir: true,
    rolldownOptions: {
      input: [join(root, 'core/cli/sluice.ts'), ...workers],
      // All in one folder, so that './worker.js' is right from whichever file the bundler puts it in.
      output: {
        // npm links the program as it is: without this line a shell would take it for its own.
        banner: ({ name, isEntry }) => (isEntry && name === 'sluice' ? '#!/usr/bin/env node' : ''),
        entryFileNames: '[name].js',
        chunkFileNames: '[name]-[hash].js',
      },
    },
  },
})
