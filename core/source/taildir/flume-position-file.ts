import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { systemCode } from '../../errors.ts'

/** One line of Flume's taildir_position.json (flume.md §3.9). */
export interface FlumePosition {
  readonly inode: string
  readonly pos: number
  readonly file: string
}

const schema = z.array(z.object({ inode: z.union([z.number(), z.string()]), pos: z.number().min(0), file: z.string() }))

/** Inodes beyond 2^53 are written as JSON numbers, which JSON.parse would round: they are quoted first. */
const exactInodes = (text: string) => text.replace(/("inode"\s*:\s*)(\d+)/g, '$1"$2"')

/** Reads Flume's position file; empty when there is none. Throws what is wrong with it otherwise. */
export async function readFlumePositions(path: string): Promise<FlumePosition[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
  if (text.trim() === '') return []
  return schema.parse(JSON.parse(exactInodes(text))).map((one) => ({ ...one, inode: String(one.inode) }))
}

/** Replaces the file as a whole, so that a crash leaves the old one or the new one. */
export async function writeFlumePositions(path: string, positions: readonly FlumePosition[]): Promise<void> {
  const lines = positions.map(
    ({ inode, pos, file }) => `{"inode":${inode},"pos":${pos},"file":${JSON.stringify(file)}}`,
  )
  const temporary = `${path}.new`
  await mkdir(dirname(path), { recursive: true })
  const handle = await open(temporary, 'w')
  try {
    await handle.writeFile(`[${lines.join(',')}]`)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await rename(temporary, path)
}
