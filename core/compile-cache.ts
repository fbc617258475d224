import { mkdirSync, statSync } from 'node:fs'
import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'

/**
 * Has Node keep compiled code in `folder` and take it from there at the next start. What lies there is run as it is, so a
 * folder that another user owns is left alone, as is one that cannot be made; then nothing is kept, which only costs time.
 */
export function keepCompiledCode(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const { uid, mode } = statSync(folder)
    const othersMayWrite = process.platform !== 'win32' && (uid !== process.getuid?.() || (mode & 0o022) !== 0)
    if (!othersMayWrite) enableCompileCache(folder)
  } catch {
    // Nobody needs to hear of it: a read-only home is as good as any.
  }
}

/** The environment of a thread: Node has each thread find the kept code by a variable. */
export function threadEnvironment(): NodeJS.ProcessEnv {
  // It says where the code of this version of Node lies in the folder that it was given.
  const versions = getCompileCacheDir()
  return versions === undefined ? process.env : { NODE_COMPILE_CACHE: dirname(versions), ...process.env }
}
