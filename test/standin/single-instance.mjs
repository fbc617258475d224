import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The first process with a folder has it; a later one leaves its arguments there for the first to read. Synchronous, as
 * Electron's is. A folder that a killed process left is taken over.
 */
export function takeInstance(folder, onSecond) {
  const lock = join(folder, 'standin-instance')
  if (!claim(lock)) {
    const letter = join(folder, `standin-second-${process.pid}`)
    writeFileSync(`${letter}.new`, JSON.stringify({ argv: process.argv, directory: process.cwd() }))
    renameSync(`${letter}.new`, `${letter}.json`)
    return { first: false, release: () => undefined }
  }
  const watcher = watch(folder, () => {
    for (const name of readdirSync(folder).filter((one) => /^standin-second-\d+\.json$/.test(one))) {
      const { argv, directory } = JSON.parse(readFileSync(join(folder, name), 'utf8'))
      rmSync(join(folder, name))
      onSecond(argv, directory)
    }
  })
  watcher.unref()
  const release = () => {
    watcher.close()
    rmSync(lock, { force: true })
  }
  return { first: true, release }
}

function claim(lock) {
  for (;;)
    try {
      const file = openSync(lock, 'wx')
      writeFileSync(file, String(process.pid))
      closeSync(file)
      return true
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (alive(Number(readFileSync(lock, 'utf8')))) return false
      rmSync(lock, { force: true })
    }
}

function alive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
