import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'
import { bundledModules } from './bundled-modules.ts'

const root = join(import.meta.dirname, '..')
const outDir = join(root, 'out/renderer')

/** The console sends these instead of compressing while the first page waits. */
const compressed: Plugin = {
  name: 'sluice-compressed',
  writeBundle() {
    const files = readdirSync(outDir, { recursive: true, withFileTypes: true })
    for (const file of files.filter((one) => one.isFile() && /\.(?:js|css|svg)$/.test(one.name))) {
      const path = join(file.parentPath, file.name)
      writeFileSync(`${path}.br`, brotliCompressSync(readFileSync(path)))
    }
  },
}

/** The window's page: the console serves it, the desktop shows it. */
// eslint-disable-next-line no-restricted-syntax -- the loader takes the default export
export default defineConfig({
  root: join(root, 'renderer'),
  base: './',
  plugins: [vue(), compressed, bundledModules('renderer', 'third-party-notices.txt')],
  build: {
    outDir,
    emptyOutDir: true,
    target: 'chrome130',
    // A preload list would be inline script, which the page's policy forbids; there are few chunks anyway.
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
})
