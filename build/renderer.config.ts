import { join } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const root = join(import.meta.dirname, '..')

/** The window's page: the console serves it, the desktop shows it. */
// eslint-disable-next-line no-restricted-syntax -- the loader takes the default export
export default defineConfig({
  root: join(root, 'renderer'),
  base: './',
  plugins: [vue()],
  build: {
    outDir: join(root, 'out/renderer'),
    emptyOutDir: true,
    target: 'chrome130',
    // A preload list would be inline script, which the page's policy forbids; there are few chunks anyway.
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
})
