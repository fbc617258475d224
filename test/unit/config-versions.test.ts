import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { ConfigVersions } from '../../core/config/config-versions.ts'

let folder: string
let versions: ConfigVersions
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'sluice-versions-')), 'versions')
  versions = new ConfigVersions(folder, systemClock)
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

const file = (text: string) => [{ path: '/etc/a.conf', text }]

describe('versions of the configuration', () => {
  test('are kept with who and when, the newest first and current, each once', async () => {
    expect(await versions.list()).toEqual([])
    await versions.record(file('one'), 'start')
    await versions.record(file('one'), 'start')
    await versions.record(file('two'), 'applied', 'anna')
    const [newest, oldest, ...rest] = await versions.list()
    expect(rest).toEqual([])
    expect(newest).toMatchObject({ id: 2, by: 'anna', how: 'applied', files: ['/etc/a.conf'], current: true })
    expect(oldest).toMatchObject({ id: 1, by: '', how: 'start', current: false })
    expect(await versions.files(1)).toEqual(file('one'))
    await expect(versions.files(7)).rejects.toMatchObject({ code: 'SLUICE_CONTROL' })
  })

  test('can be read by nobody else, and the oldest go', async () => {
    const recording = Array.from({ length: 60 }, (_, index) => versions.record(file(String(index)), 'applied'))
    await Promise.all(recording)
    const names = readdirSync(folder)
    expect(names).toHaveLength(50)
    for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect((await versions.list())[0]?.id).toBe(60)
  })

  test('one that is damaged does not hide the others', async () => {
    await versions.record(file('one'), 'start')
    await versions.record(file('two'), 'applied')
    writeFileSync(join(folder, '00000002.json'), '{')
    expect((await versions.list()).map(({ id }) => id)).toEqual([1])
    await expect(versions.files(2)).rejects.toMatchObject({ code: 'SLUICE_FILE' })
    await versions.record(file('three'), 'applied')
    expect((await versions.list()).map(({ id }) => id)).toEqual([3, 1])
  })
})
