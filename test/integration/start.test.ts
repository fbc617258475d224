import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { collectedFiles } from './collected-lines.ts'
import { LineClient } from './line-client.ts'
import { SluiceProcess } from './sluice-process.ts'

const sluice = `'${process.execPath}' '${join(import.meta.dirname, '../../core/cli/sluice.ts')}'`

const collected = (directory: string) =>
  collectedFiles(directory)
    .map((path) => readFileSync(path, 'utf8'))
    .join('')

describe('the first start', () => {
  let directory: string
  let running: SluiceProcess | undefined

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-start-'))
  })
  afterEach(async () => {
    await running?.kill()
    rmSync(directory, { recursive: true, force: true })
  })

  async function shell(command: string): Promise<{ code: number | null; output: string }> {
    const child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    return { code, output }
  }

  it('makes a workspace, and what it suggests works', async () => {
    const workspace = join(directory, 'work space')
    running = new SluiceProcess(['start', '--headless', '--workspace', workspace])
    const [, echo = ''] = await running.says(/^ +(echo hello >> .*)$/m)
    const [, port = ''] = await running.says(/^ +nc 127\.0\.0\.1 (\d+)/m)
    await shell(echo)
    const client = await LineClient.connect(Number(port))
    expect(await client.ask('typed')).toBe('OK')
    client.close()
    const out = join(workspace, 'collected')
    await expect.poll(() => collected(out).split('\n').sort(), { timeout: 20_000 }).toEqual(['', 'hello', 'typed'])

    // The suggested outage: stop the collector, write, look, let it go on.
    const suggested = [...running.stdout.matchAll(/^ +npm run sluice -- (ctl .*)$/gm)].map(([, words = '']) => words)
    expect(suggested.map((words) => words.split(' ')[1])).toEqual(['pause', 'status', 'resume'])
    const [pause, look, resume] = suggested.map((words) => () => shell(`${sluice} ${words}`))
    expect(await pause?.()).toMatchObject({ code: 0 })
    for (let line = 0; line < 3; line++) await shell(echo)
    await expect.poll(async () => (await look?.())?.output, { timeout: 20_000 }).toMatch(/^backlog +file +3 /m)
    expect(collected(out).match(/hello/g)).toHaveLength(1)
    expect(await resume?.()).toMatchObject({ code: 0 })
    await expect.poll(() => collected(out).match(/hello/g)?.length, { timeout: 20_000 }).toBe(4)
    expect(await running.stop()).toMatchObject({ code: 0 })

    running = new SluiceProcess(['start', '--headless', '--workspace', workspace])
    await running.says(/^ +nc 127\.0\.0\.1 (\d+)/m)
    await shell(echo)
    await expect
      .poll(() => collected(out).split('\n').sort(), { timeout: 20_000 })
      .toEqual(['', 'hello', 'hello', 'hello', 'hello', 'hello', 'typed'])
    expect(await running.stop()).toMatchObject({ code: 0 })
  })
})
