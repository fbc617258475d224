import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

/** Why disks cannot be made to fail here; undefined where they can. */
export const shimMissing: string | undefined = (() => {
  if (process.platform !== 'linux') return 'LD_PRELOAD needs Linux'
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'gcc is not installed'
  }
})()

const errnos = { EIO: 5, ENOSPC: 28, short: 0, noted: -2, killed: -3, torn: -4, slow: -5 } as const

/**
 * Of the calls to `call` on paths that contain `part` (that end in it, when a `$` is behind it), `skip` pass, then `count` fail. `create` is an `open` that may
 * make the file; `any` is every call but `open`.
 */
export interface FaultRule {
  readonly call:
    | 'any'
    | 'fdatasync'
    | 'fsync'
    | 'pwrite'
    | 'pwritev'
    | 'write'
    | 'ftruncate'
    | 'create'
    | 'open'
    | 'unlink'
    | 'rename'
  readonly part: string
  readonly skip?: number
  readonly count: number
  /**
   * `short`: half of the bytes are written, without an error. `noted`: nothing fails. `killed`: the process dies in place
   * of the call; `torn`: it dies after half of a write. `slow`: the call takes 200 ms.
   */
  readonly error: keyof typeof errnos
}

/** `disk-shim.c`, compiled, with the files by which a test speaks to it. */
export class DiskShim {
  /** What happens below it is recorded and may fail. */
  readonly folder: string
  readonly log: string
  readonly environment: NodeJS.ProcessEnv
  readonly #rules: string
  readonly #fired: string

  /** `place`: a folder of the test's own. */
  constructor(place: string) {
    this.folder = path.join(place, 'disk')
    this.log = path.join(place, 'disk.log')
    this.#rules = path.join(place, 'rules')
    this.#fired = path.join(place, 'fired')
    const library = path.join(place, 'disk-shim.so')
    const source = path.join(import.meta.dirname, 'disk-shim.c')
    execFileSync('gcc', ['-O1', '-Wall', '-Werror', '-shared', '-fPIC', '-o', library, source, '-ldl'])
    fs.mkdirSync(this.folder)
    this.environment = {
      ...process.env,
      LD_PRELOAD: library,
      SHIM_FOLDER: `${this.folder}/`,
      SHIM_LOG: this.log,
      SHIM_RULES: this.#rules,
      SHIM_FIRED: this.#fired,
    }
  }

  /** From now on exactly these rules hold, in a process that runs already too. */
  rule(...rules: readonly FaultRule[]): void {
    const lines = rules.map(
      ({ call, part, skip, count, error }) => `${call} ${part} ${skip ?? 0} ${count} ${errnos[error]}\n`,
    )
    // A new file each time: the shim knows it by its inode.
    fs.writeFileSync(`${this.#rules}.new`, lines.join(''))
    fs.renameSync(`${this.#rules}.new`, this.#rules)
  }

  /** The faults so far: `CALL ERRNO PATH`. */
  fired(): string[] {
    return fs.existsSync(this.#fired) ? fs.readFileSync(this.#fired, 'utf8').split('\n').slice(0, -1) : []
  }
}
