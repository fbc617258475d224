import { gzipSync } from 'node:zlib'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fc } from '../property-checks.ts'
import { expect, test } from 'vitest'
import type { Source } from '../../core/source/source.ts'
import { taildirSource } from '../../core/source/taildir/definition.ts'
import { RecordingChannels, sourceContext } from '../recording-channels.ts'

/**
 * Plays random scripts against a model. What is promised, and checked here:
 * - no line ever enters the channel twice, whatever happens in whatever order;
 * - every line enters it that the source had a chance to see: one that is in a file of the folder at the end, or that
 *   was there at a look of the running source (looked at, the file is held open and read to its end);
 * - lines of one file keep their order.
 * What nobody looked at and what is gone before the next look (deleted, or cut to nothing with no copy) cannot be
 * known: the model calls those lines `maybe`.
 */
const operations = [
  'append',
  'append many',
  'append part',
  'rename',
  'copytruncate',
  'truncate',
  'delete',
  'gzip',
  'look',
  'stop',
  'kill',
  'start',
  'block',
  'unblock',
] as const
type Operation = (typeof operations)[number]

interface ModelFile {
  /** Numbers of the whole lines that its content has, with the unfinished one last if `part`. */
  lines: number[]
  part: boolean
}

class Script {
  readonly #logs: string
  readonly #root: string
  readonly #channels = new RecordingChannels()
  #source: Source | undefined
  /** Generations of the log, the newest first: app.log, then what it was rotated to. */
  #current: ModelFile | undefined
  readonly #rotated = new Map<string, ModelFile>()
  readonly #certain = new Set<number>()
  readonly #maybe = new Set<number>()
  #next = 0
  #archives = 0

  constructor(root: string) {
    this.#root = root
    this.#logs = join(root, 'logs')
  }

  get #path(): string {
    return join(this.#logs, 'app.log')
  }

  #line(number: number): string {
    return `${number} ${'abcdefghij'.repeat((number * 7) % 20)}`
  }

  async play(script: readonly Operation[]): Promise<void> {
    for (const operation of script) await this.#step(operation)
    this.#channels.unblock()
    if (!this.#source) await this.#start()
    this.#finishPart()
    for (const file of this.#files()) for (const line of file.lines) this.#certain.add(line)
    await this.#check()
    await this.#source?.stop()
  }

  *#files(): Generator<ModelFile> {
    if (this.#current) yield this.#current
    yield* this.#rotated.values()
  }

  #finishPart(): void {
    if (!this.#current?.part) return
    appendFileSync(this.#path, '\n')
    this.#current.part = false
  }

  #write(count: number, part: boolean): void {
    this.#finishPart()
    this.#current ??= { lines: [], part: false }
    let text = ''
    for (let index = 0; index < count; index++) {
      const number = this.#next++
      this.#current.lines.push(number)
      text += this.#line(number) + (part && index === count - 1 ? '' : '\n')
    }
    this.#current.part = part
    appendFileSync(this.#path, text)
  }

  /** The content is gone; whoever did not see it yet may never. */
  #lose(file: ModelFile): void {
    for (const line of file.lines) if (!this.#certain.has(line)) this.#maybe.add(line)
    // An unfinished line at the end of a file that is gone is an event or none.
    const last = file.lines.at(-1)
    if (file.part && last !== undefined) {
      this.#certain.delete(last)
      this.#maybe.add(last)
    }
  }

  async #step(operation: Operation): Promise<void> {
    switch (operation) {
      case 'append': {
        this.#write(1, false)
        return
      }
      case 'append many': {
        this.#write(200, false)
        return
      }
      case 'append part': {
        this.#write(1, true)
        return
      }
      case 'rename':
        if (!this.#current) return
        this.#finishPart()
        this.#rotated.set(`app.log.${++this.#archives}`, this.#current)
        renameSync(this.#path, join(this.#logs, `app.log.${this.#archives}`))
        this.#current = undefined
        return
      case 'copytruncate':
        if (!this.#current) return
        this.#finishPart()
        this.#rotated.set(`app.log.${++this.#archives}`, this.#current)
        copyFileSync(this.#path, join(this.#logs, `app.log.${this.#archives}`))
        truncateSync(this.#path, 0)
        this.#current = { lines: [], part: false }
        return
      case 'truncate':
        if (!this.#current) return
        this.#lose(this.#current)
        truncateSync(this.#path, 0)
        this.#current = { lines: [], part: false }
        return
      case 'delete':
        if (!this.#current) return
        this.#lose(this.#current)
        unlinkSync(this.#path)
        this.#current = undefined
        return
      case 'gzip':
        for (const [name, file] of this.#rotated) {
          if (name.endsWith('.gz')) continue
          const path = join(this.#logs, name)
          writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)))
          unlinkSync(path)
          this.#rotated.delete(name)
          this.#rotated.set(`${name}.gz`, file)
          return
        }
        return
      case 'look':
        if (!this.#source || this.#channels.blocked) return
        await this.#settle()
        for (const file of this.#files())
          for (const line of file.part ? file.lines.slice(0, -1) : file.lines) this.#certain.add(line)
        return
      case 'stop':
        await this.#source?.stop()
        this.#source = undefined
        return
      case 'kill': {
        // What is on its way never arrives, and nothing is told to the source.
        const source = this.#source
        this.#source = undefined
        this.#channels.cutOff()
        await source?.stop()
        return
      }
      case 'start':
        if (!this.#source) await this.#start()
        return
      case 'block':
        this.#channels.blocked = true
        return
      case 'unblock':
        this.#channels.unblock()
    }
  }

  async #start(): Promise<void> {
    const { context } = sourceContext(this.#channels.connect(), this.#root)
    const settings = taildirSource.settings.parse({
      filegroups: 'g1',
      'filegroups.*': { g1: `${this.#logs}/.*` },
      pollInterval: '10',
      holdTime: '40',
      batchSize: '50',
    })
    this.#source = taildirSource.create(settings, context)
    await this.#source.start()
  }

  /** Waits until the source has had time for several looks and nothing arrives any more. */
  async #settle(): Promise<void> {
    for (let before = -1, calm = 0; calm < 3;) {
      await sleep(25)
      calm = this.#channels.events.length === before ? calm + 1 : 0
      before = this.#channels.events.length
    }
  }

  async #check(): Promise<void> {
    const until = performance.now() + 3000
    for (;;) {
      await this.#settle()
      const arrived = this.#channels.bodies.map((body) => Number(body.split(' ', 1)[0]))
      const unique = new Set(arrived)
      const missing = [...this.#certain].filter((line) => !unique.has(line))
      if (missing.length > 0 && performance.now() < until) continue
      expect(missing, 'lost').toEqual([])
      expect(
        arrived.filter((line, index) => arrived.indexOf(line) !== index),
        'doubled',
      ).toEqual([])
      for (const [index, body] of this.#channels.bodies.entries()) {
        const number = arrived[index] ?? -1
        if (!this.#maybe.has(number)) expect(body).toBe(this.#line(number))
      }
      const last = new Map<string, number>()
      for (const [index, event] of this.#channels.events.entries()) {
        const number = arrived[index] ?? -1
        expect(number, 'order').toBeGreaterThan(last.get(event.key) ?? -1)
        last.set(event.key, number)
      }
      return
    }
  }
}

async function play(script: readonly Operation[]): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-script-'))
  try {
    await mkdir(join(root, 'logs'))
    await new Script(root).play(script)
  } finally {
    if (existsSync(root)) await rm(root, { recursive: true, force: true })
  }
}

/** Each was chosen, or once failed. */
const kept: readonly (readonly Operation[])[] = [
  ['append', 'start', 'look', 'append', 'copytruncate', 'append', 'look', 'kill', 'append', 'start'],
  ['append many', 'start', 'look', 'stop', 'append', 'rename', 'gzip', 'append', 'start'],
  ['start', 'append many', 'look', 'block', 'append many', 'kill', 'rename', 'append', 'start', 'unblock'],
  ['append', 'start', 'truncate', 'append', 'append', 'append', 'append', 'append'],
  ['append', 'start', 'copytruncate', 'append', 'append', 'append', 'append', 'append'],
  ['start', 'append part', 'look', 'rename', 'gzip', 'append', 'append'],
  ['start', 'append part', 'look', 'delete', 'append', 'look', 'truncate', 'append many', 'look'],
]

test.each(kept)('kept script %#', async (...script) => play(script))

test('random scripts lose nothing, double nothing and keep the order', async () => {
  const seed = Number(process.env['SLUICE_SEED'] ?? 20240817)
  const numRuns = Number(process.env['SLUICE_RUNS'] ?? 25)
  const script = fc.array(fc.constantFrom(...operations), { minLength: 5, maxLength: 30 })
  await fc.assert(fc.asyncProperty(script, play), { seed, numRuns })
})
