/**
 * This machine's files under a layer that is thrown away: packages can be installed in it for real, with their scripts
 * and users, and nothing of it is left. Needs root, and a kernel that lets it mount.
 */
import { execFileSync, spawn, type ChildProcess, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const layered = `set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
for one in dev proc sys; do mount --rbind /$one "$1/root/$one"; done
# No systemd is looked for where this machine's own would answer.
mount -t tmpfs tmpfs "$1/root/run"
mount --bind "$2" "$1/root/mnt"
`

export class DisposableRoot {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluice-root-'))
  /** Of this machine; it is /mnt in there. */
  readonly shared = join(this.#folder, 'shared')
  /** Where it lies, seen from its own mounts only. */
  readonly #root = join(this.#folder, 'layers/root')
  readonly #holder: ChildProcess

  private constructor() {
    mkdirSync(join(this.#folder, 'layers'))
    mkdirSync(this.shared)
    const script = `${layered}echo ready\nexec sleep 600`
    this.#holder = spawn('unshare', ['-m', 'sh', '-c', script, 'sh', join(this.#folder, 'layers'), this.shared], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  }

  /** Why there can be none here; empty when there can. */
  static missing(): string {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux'
    const absent = ['unshare', 'nsenter', 'chroot', 'setpriv', 'dpkg', 'adduser'].filter(
      (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0,
    )
    if (absent.length > 0) return `${absent.join(', ')} missing`
    const place = mkdtempSync(join(tmpdir(), 'sluice-root-'))
    try {
      mkdirSync(join(place, 'layers'))
      const tried = spawnSync('unshare', ['-m', 'sh', '-c', layered, 'sh', join(place, 'layers'), place])
      return tried.status === 0 ? '' : 'this machine lets nobody mount an overlay'
    } finally {
      rmSync(place, { recursive: true, force: true })
    }
  }

  static async make(): Promise<DisposableRoot> {
    const made = new DisposableRoot()
    await new Promise<void>((resolve, reject) => {
      made.#holder.stdout?.once('data', () => resolve())
      made.#holder.once('exit', (code) => reject(new Error(`the layers could not be mounted: exit code ${code}`)))
    })
    return made
  }

  /** Runs a program in there as root; its output, or an error with all that it said. */
  run(...words: readonly string[]): string {
    const [program = '', ...args] = this.command(...words)
    return execFileSync(program, args, { encoding: 'utf8', env: this.environment, stdio: 'pipe' })
  }

  /** The exit code of a program in there. */
  code(...words: readonly string[]): number | null {
    const [program = '', ...args] = this.command(...words)
    return spawnSync(program, args, { env: this.environment }).status
  }

  /** The words that run a program in there. */
  command(...words: readonly string[]): readonly string[] {
    return ['nsenter', '-t', String(this.#holder.pid), '-m', 'chroot', this.#root, ...words]
  }

  get environment(): Record<string, string> {
    return { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' }
  }

  async end(): Promise<void> {
    const gone = new Promise((resolve) => this.#holder.once('exit', resolve))
    this.#holder.kill('SIGKILL')
    await gone
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
