import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeFolder } from '../../core/cli/command/make-folder.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-make-folder-'))
})
afterAll(() => rm(root, { recursive: true }))

test('makes a folder with all above it, any number of times, at the same time too', async () => {
  const folder = join(root, 'a', 'b', 'c')
  await Promise.all([makeFolder(folder, 0o700), makeFolder(folder, 0o700)])
  await makeFolder(folder)
  const made = await stat(folder)
  expect([made.isDirectory(), made.mode & 0o777]).toEqual([true, 0o700])
})

test('says what stands in the way: a file, or a link to a disk that is not mounted', async () => {
  await writeFile(join(root, 'file'), '')
  await expect(makeFolder(join(root, 'file'))).rejects.toThrow('EEXIST')
  await expect(makeFolder(join(root, 'file', 'x'))).rejects.toThrow('ENOTDIR')
  await symlink(join(root, 'not', 'mounted'), join(root, 'link'))
  await expect(makeFolder(join(root, 'link'))).rejects.toThrow('EEXIST')
  await expect(makeFolder(join(root, 'link', 'x'))).rejects.toThrow(/EEXIST|ENOENT/)
})

test.runIf(process.platform === 'linux')('ends where a folder refuses what is made in it with ENOENT', async () => {
  await expect(makeFolder('/proc/sluice/data')).rejects.toThrow('ENOENT')
})
