import { join } from 'node:path'
import type { Plugin } from 'vite'

export const root = join(import.meta.dirname, '..')

/** A worker is started by its file's URL, which no bundler follows: it becomes a file of its own under the same name. */
export const workers = ['core/channel/file/worker.ts', 'core/backlog/backlog-worker.ts'].map((path) => join(root, path))

export const workerUrls: Plugin = {
  name: 'sluice-worker-urls',
  transform(code, id) {
    if (!id.startsWith(join(root, 'core'))) return null
    return code.replace(/new URL\((['"]\.[^'"]+)\.ts(['"]), import\.meta\.url\)/g, 'new URL($1.js$2, import.meta.url)')
  },
}
