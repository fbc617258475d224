import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BacklogDesk } from '../../core/backlog/backlog-desk.ts'
import { OpenedFolders } from '../../core/backlog/opened-folders.ts'
import type { FileChannelSettings } from '../../core/channel/file/file-channel-settings.ts'
import { errorText, isSluiceError } from '../../core/errors.ts'
import { ManualClock } from '../agent/manual-clock.ts'
import { makeFileChannel, numberedBatch, temporaryFolder } from '../file-channel-rig.ts'

let place: ReturnType<typeof temporaryFolder>
let desk: BacklogDesk
let clock: ManualClock
let folders: OpenedFolders
const own = new Map<string, string>()

beforeEach(() => {
  place = temporaryFolder()
  clock = new ManualClock()
  desk = new BacklogDesk(clock)
  folders = new OpenedFolders(desk, clock, () => own)
})
afterEach(async () => {
  own.clear()
  await desk.close()
  place.remove()
})

/** The folder of a channel that holds `count` events and whose agent is stopped. */
async function stopped(name: string, count: number, settings: Partial<FileChannelSettings> = {}): Promise<string> {
  const folder = join(place.folder, name)
  const channel = makeFileChannel(folder, settings)
  await channel.open()
  await channel.put(numberedBatch(0, count))
  await channel.close(1_000)
  return folder
}
const bodies = async (id: string) => {
  const { store } = await folders.store(`folder:${id}`)
  const { rows } = await desk.look(store, 'page', { start: 'oldest', limit: 10, backward: false })
  return rows.map(({ body }) => body.trim())
}
/** Every file with its size and the time of its last change. */
const contents = (folder: string) =>
  readdirSync(folder).map((name) => {
    const { size, mtimeMs } = statSync(join(folder, name))
    return [name, size, mtimeMs]
  })

test('shows what waits in a stopped folder and leaves every file of it as it was', async () => {
  const folder = await stopped('c1', 3)
  const before = contents(folder)
  const opened = await folders.open(folder, undefined)
  expect(opened).toMatchObject({ path: folder, channel: 'c1', holder: null })
  expect(await bodies(opened.id)).toEqual(['0', '1', '2'])
  expect(contents(folder)).toEqual(before)
  expect((await folders.open(`${folder}/`, undefined)).id).toBe(opened.id)
  folders.close(opened.id)
  expect(await folders.list()).toEqual([])
  expect(contents(folder)).toEqual(before)
  await expect(folders.store(`folder:${opened.id}`)).rejects.toThrow('open it again')
})

test('takes the data folder of an agent with one channel, and names the channels of one with more', async () => {
  await stopped('data/channels/c1', 1)
  const data = join(place.folder, 'data')
  expect(await folders.open(data, undefined)).toMatchObject({ path: join(data, 'channels/c1'), channel: 'c1' })
  await stopped('data/channels/c2', 1)
  await expect(folders.open(data, undefined)).rejects.toThrow(/has several channels \(c1, c2\)/)
})

test('names the process that has it open, and sees what that one puts there', async () => {
  const folder = await stopped('c1', 1)
  const { id } = await folders.open(folder, undefined)
  expect(await bodies(id)).toEqual(['0'])
  const channel = makeFileChannel(folder)
  await channel.open()
  try {
    await channel.put(numberedBatch(1, 1))
    expect(await folders.folder(id)).toMatchObject({ holder: process.pid })
    await expect.poll(() => bodies(id)).toEqual(['0', '1'])
  } finally {
    await channel.close(1_000)
  }
  expect(await folders.folder(id)).toMatchObject({ holder: null })
  expect(await bodies(id)).toEqual(['0', '1'])
})

test('says what is wrong with a path', async () => {
  writeFileSync(join(place.folder, 'file'), '')
  mkdirSync(join(place.folder, 'empty'))
  mkdirSync(join(place.folder, 'odd/index.db'), { recursive: true })
  const refused = async (path: string) =>
    await folders.open(path, undefined).then(String, (error: unknown) => {
      expect(isSluiceError(error, 'SLUICE_FILE')).toBe(true)
      return errorText(error).replaceAll(place.folder, 'FOLDER')
    })
  expect(await refused('some/folder')).toBe('some/folder is no whole path: give one from the root on')
  expect(await refused(join(place.folder, 'gone'))).toMatch('FOLDER/gone cannot be opened: there is no such folder')
  expect(await refused(join(place.folder, 'file'))).toBe('FOLDER/file cannot be opened: it is no folder')
  expect(await refused(join(place.folder, 'empty'))).toBe("FOLDER/empty is no channel's folder: it has no index.db")
  expect(await refused(join(place.folder, 'odd'))).toBe("FOLDER/odd is no channel's folder: it has no index.db")
  own.set('c1', await stopped('mine', 1))
  expect(await refused(join(place.folder, 'mine'))).toMatch('is channel c1 of this agent')
  writeFileSync(join(await stopped('broken', 1), 'index.db'), 'no database')
  await expect(folders.open(join(place.folder, 'broken'), undefined)).rejects.toThrow()
  expect(await folders.list()).toEqual([])
})

test('opens an encrypted folder with its key and says without it what is missing', async () => {
  const key = randomBytes(32)
  const folder = await stopped('c1', 2, { codec: { compression: 'none', keys: [key] } })
  const keyFile = join(place.folder, 'keys')
  await expect(folders.open(folder, undefined)).rejects.toMatchObject({ code: 'SLUICE_CONFIG' })
  writeFileSync(keyFile, randomBytes(32).toString('hex'))
  await expect(folders.open(folder, keyFile)).rejects.toMatchObject({ code: 'SLUICE_CONFIG' })
  await expect(folders.open(folder, 'keys')).rejects.toThrow('no whole path')
  writeFileSync(keyFile, key.toString('hex'))
  const { id } = await folders.open(folder, keyFile)
  expect(await bodies(id)).toEqual(['0', '1'])
})

test('has at most eight open, and closes what nobody has looked at for an hour', async () => {
  const names = await Promise.all(Array.from({ length: 9 }, (_, at) => stopped(`c${at}`, 1)))
  for (const folder of names.slice(0, 8)) await folders.open(folder, undefined)
  await expect(folders.open(names[8] ?? '', undefined)).rejects.toThrow('8 folders are open')
  await clock.advance(3_599_000)
  const [first] = await folders.list()
  await folders.folder(first?.id ?? '')
  await clock.advance(2_000)
  await folders.open(names[8] ?? '', undefined)
  expect((await folders.list()).map(({ channel }) => channel)).toEqual(['c0', 'c8'])
})
