import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { segmentPath } from '../../core/channel/file/segment-files.ts'
import { SegmentHandles } from '../../core/channel/file/segment-handles.ts'

let folder: string
let handles: SegmentHandles

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-handles-'))
  for (let id = 1; id <= 20; id++) writeFileSync(segmentPath(folder, id), `segment ${id}`)
  handles = new SegmentHandles(folder)
})
afterEach(async () => {
  await handles.close()
  rmSync(folder, { recursive: true, force: true })
})

const read = (id: number) =>
  handles.with(id, async (file) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(20), 0, 20, 0)
    return buffer.toString('latin1', 0, bytesRead)
  })

/** Descriptors of this process that are open in the folder. */
const open = () =>
  readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(folder)
    } catch {
      return false
    }
  }).length

describe.skipIf(process.platform !== 'linux')('segments opened to read from', () => {
  test('many reads at once in one segment open it once, and closing leaves nothing open', async () => {
    expect(new Set(await Promise.all(Array.from({ length: 30 }, () => read(7))))).toEqual(new Set(['segment 7']))
    expect(open()).toBe(1)
    await handles.close()
    expect(open()).toBe(0)
  })

  test('going through many segments keeps few of them open: an open file keeps the disk space of a removed one', async () => {
    const texts = await Promise.all(Array.from({ length: 20 }, (_, index) => read(index + 1)))
    expect(texts[19]).toBe('segment 20')
    expect(open()).toBeLessThanOrEqual(4)
  })

  test('a segment that is not there is refused to all who ask, and is read when it comes', async () => {
    const answers = await Promise.allSettled([read(99), read(99)])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    writeFileSync(segmentPath(folder, 99), 'segment 99')
    expect(await read(99)).toBe('segment 99')
  })
})
