import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { collectedFiles } from './collected-lines.ts'
import { LineClient } from './line-client.ts'
import { SluiceProcess } from './sluice-process.ts'

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

  async function shell(command: string): Promise<void> {
    const child = spawn('/bin/sh', ['-c', command], { stdio: 'ignore' })
    await new Promise((resolve) => child.once('close', resolve))
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
    expect(await running.stop()).toMatchObject({ code: 0 })

    running = new SluiceProcess(['start', '--headless', '--workspace', workspace])
    await running.says(/^ +nc 127\.0\.0\.1 (\d+)/m)
    await shell(echo)
    await expect
      .poll(() => collected(out).split('\n').sort(), { timeout: 20_000 })
      .toEqual(['', 'hello', 'hello', 'typed'])
    expect(await running.stop()).toMatchObject({ code: 0 })
  })
})
