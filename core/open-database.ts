import Database from 'better-sqlite3'
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { errorText, SluiceError, systemCode } from './errors.ts'

/** Where better-sqlite3 has a library ready; a test holds it to what that needs. */
export const readyMachines = 'Linux (glibc 2.34 or newer, or musl), macOS and Windows, each on x64 and arm64'

let loaded = false

/**
 * Opens or makes an SQLite file. Throws SQLite's own errors, and `SLUICE_INSTALLATION` when SQLite itself, the library that
 * better-sqlite3 brings, is missing, damaged or not for this machine: then nothing is wrong with the file.
 */
export function openDatabase(file: string, options: Database.Options = {}): Database.Database {
  if (loaded) return new Database(file, options)
  const folder = dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json'))
  const damage = process.platform === 'linux' ? damageIn(folder) : undefined
  if (damage !== undefined) throw unusable(folder, damage)
  try {
    const database = new Database(file, options)
    loaded = true
    return database
  } catch (error) {
    if (systemCode(error) === 'MODULE_NOT_FOUND') throw unusable(folder, 'it has no library for this machine', error)
    if (systemCode(error) === 'ERR_DLOPEN_FAILED') throw unusable(folder, errorText(error), error)
    throw error
  }
}

function unusable(folder: string, reason: string, cause?: unknown): SluiceError {
  const machine = `${process.platform}-${process.arch}`
  return new SluiceError(
    'SLUICE_INSTALLATION',
    `SQLite cannot be loaded on ${machine} from ${folder}: ${reason}; install Sluice again. It is ready for ` +
      `${readyMachines}; elsewhere better-sqlite3 has to be compiled on the machine first`,
    { cause, details: { folder, machine } },
  )
}

/**
 * What is wrong with the library that would be loaded, as far as its head says: Linux's loader maps a file that was cut
 * short, and the process ends by SIGBUS without a word. Undefined when the loader itself will say what is wrong.
 */
function damageIn(folder: string): string | undefined {
  const file = libraryIn(folder)
  if (file === undefined) return undefined
  const descriptor = openSync(file, 'r')
  try {
    const { size } = fstatSync(descriptor)
    const head = Buffer.alloc(64)
    if (readSync(descriptor, head, 0, 64, 0) < 64) return `${file} is empty or cut short`
    // A 64-bit little-endian ELF: where its table of sections lies, which is the last thing in it, and how long that is.
    if (head.readUInt32BE(0) !== 0x7f454c46) return `${file} is no library`
    const end = Number(head.readBigUInt64LE(40)) + head.readUInt16LE(58) * head.readUInt16LE(60)
    return end > size ? `${file} is cut short: it has ${size} bytes of ${end}` : undefined
  } finally {
    closeSync(descriptor)
  }
}

/** The file that better-sqlite3 takes: one that was compiled on purpose, else the ready one. */
function libraryIn(folder: string): string | undefined {
  const system = /\/ld-musl-/.test(readFileSync('/proc/self/maps', 'latin1')) ? 'linuxmusl' : 'linux'
  const compiled = ['Debug', 'Release'].map((kind) => join(folder, 'build', kind, 'better_sqlite3.node'))
  return [...compiled, join(folder, 'prebuilds', `${system}-${process.arch}.node`)].find((file) => existsSync(file))
}
