import { join } from 'node:path'
import { defineConfig } from 'vite'
import { bundledModules } from './bundled-modules.ts'
import { root } from './worker-urls.ts'

/** A sandboxed preload can neither be a module nor load files: one CommonJS file. Built after main, into its folder. */
// eslint-disable-next-line no-restricted-syntax -- the loader takes the default export
export default defineConfig({
  root,
  plugins: [bundledModules('preload')],
  publicDir: false,
  ssr: { noExternal: true, external: ['electron'] },
  build: {
    ssr: join(root, 'electron/preload.ts'),
    target: 'node24',
    outDir: 'out/electron',
    emptyOutDir: false,
    rolldownOptions: { output: { format: 'cjs', entryFileNames: '[name].cjs' } },
  },
})
