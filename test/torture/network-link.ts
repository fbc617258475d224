/** A wire between two network namespaces, for whose faults the kernel's own tools need not be there: `network-link.c`. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'

/** Why there can be no such wire here; undefined where there can. */
export const linkMissing: string | undefined = (() => {
  if (process.platform !== 'linux') return 'network namespaces need Linux'
  if (process.getuid?.() !== 0) return 'network namespaces and a TUN device need root'
  try {
    execFileSync('unshare', ['--net', 'test', '-c', '/dev/net/tun'], { stdio: 'ignore' })
    execFileSync('gcc', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'unshare, /dev/net/tun or gcc is not here'
  }
})()

/** Which end of the wire packets come from. */
export type End = 0 | 1

export interface LinkCounts {
  /** By the end that they came from. */
  readonly passed: readonly [number, number]
  readonly dropped: readonly [number, number]
  readonly duplicated: number
  readonly overtaken: number
  /** Packets for addresses on the wire's network that nobody has. */
  readonly stray: number
}

/** Addresses of the two ends. A third, `nobody`, is on the same network: what is sent there is never heard of again. */
export const endAddresses = ['10.86.53.1', '10.86.53.130'] as const
export const nobody = '10.86.53.3'
/** As `nobody`, but of a name with this address the system names that of the other end first. */
export const noNeighbour = '10.86.53.131'

export class NetworkLink {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface
  #holders: readonly string[] = []
  /** One command at a time: each is answered by one line. */
  #last: Promise<unknown> = Promise.resolve()

  private constructor(program: string) {
    this.#child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#reader = createInterface({ input: this.#child.stdout! })
    this.#lines = this.#reader[Symbol.asyncIterator]()
  }

  /** `folder`: for the compiled program. */
  static async open(folder: string): Promise<NetworkLink> {
    const program = join(folder, 'network-link')
    const source = join(import.meta.dirname, 'network-link.c')
    execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', program, source])
    const link = new NetworkLink(program)
    const [ready, ...holders] = (await link.#line()).split(' ')
    if (ready !== 'ready') throw new Error(`the wire said ${ready}`)
    link.#holders = holders
    return link
  }

  async #line(): Promise<string> {
    const next = await this.#lines.next()
    if (next.done === true) throw new Error('the wire has ended')
    return next.value
  }

  /** What starts a program at that end: it becomes the program itself. */
  at(end: End): readonly string[] {
    return ['nsenter', `--net=/proc/${this.#holders[end]}/ns/net`]
  }

  #command(text: string): Promise<LinkCounts> {
    const answer = this.#last.then(async () => {
      this.#child.stdin?.write(`${text}\n`)
      const [a = 0, b = 0, c = 0, d = 0, duplicated = 0, overtaken = 0, stray = 0] = (await this.#line())
        .split(' ')
        .map(Number)
      return { passed: [a, b], dropped: [c, d], duplicated, overtaken, stray } as const
    })
    this.#last = answer.catch(() => undefined)
    return answer
  }

  counts(): Promise<LinkCounts> {
    return this.#command('counts')
  }

  /** Drops `percent` of what comes from the end; 100 cuts the wire in that direction without a word to anybody. */
  async drop(from: End, percent: number): Promise<void> {
    await this.#command(`drop ${from} ${percent}`)
  }

  async cut(): Promise<void> {
    await this.drop(0, 100)
    await this.drop(1, 100)
  }

  async heal(): Promise<void> {
    await this.drop(0, 0)
    await this.drop(1, 0)
  }

  /** Milliseconds for each packet, and up to `jitter` more: later ones overtake earlier ones. */
  async delay(milliseconds: number, jitter: number): Promise<void> {
    await this.#command(`delay ${milliseconds} ${jitter}`)
  }

  async duplicate(percent: number): Promise<void> {
    await this.#command(`duplicate ${percent}`)
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#reader.close()
    this.#child.stdin?.end()
    await ended
  }
}
