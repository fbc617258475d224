import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChannelReader, Start } from '../channel/file/reader.ts'
import { errorText, isSluiceError, SluiceError, systemCode } from '../errors.ts'
import type { Event } from '../event/event.ts'
import { AvroEventSerializer } from '../serializer/avro-event.ts'
import type { EventSerializer } from '../serializer/serializer.ts'
import type { BacklogQuery } from './backlog-query.ts'
import { isText } from './backlog-row.ts'
import { searchBacklog, type SearchProgress } from './backlog-search.ts'
import type { ExportFormat } from './export-formats.ts'

export interface ExportPlan {
  readonly file: string
  readonly format: ExportFormat
  readonly query: BacklogQuery
  readonly start: Start
}

export interface ExportProgress extends SearchProgress {
  written: number
  writtenBytes: number
}

/** Bytes that are gathered before they are written. */
const writeAtOnce = 1 << 20
/** Bytes of events in one block of a container file. */
const containerBlock = 2_048_000
/** Only whole exports have their name; this is one that is being made. */
const unfinished = '.part'

/**
 * Writes the events that the query finds, oldest first: NDJSON (one object a line: number, at, headers, and body or
 * bodyBase64) or an Avro container file as Flume writes them. The file appears when it is whole; after an error or an
 * abort nothing of it is left; a pipe or a device gets it as it comes. Throws `SLUICE_DISK_FULL` or `SLUICE_FILE`.
 */
export async function exportBacklog(
  reader: ChannelReader,
  plan: ExportPlan,
  progress: ExportProgress,
  step: (number: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const part = plan.file + unfinished
  let file: FileHandle | undefined
  let direct = false
  try {
    direct = await isDevice(plan.file)
    file = direct ? await open(plan.file, 'w') : await open(part, 'wx', 0o600)
    const writer = formWriter(plan.format)
    const chunks: Buffer[] = [writer.begin()]
    let size = 0
    const write = async () => {
      if (file !== undefined) for (const chunk of chunks.splice(0)) await writeWhole(file, chunk, progress)
      size = 0
    }
    for await (const found of searchBacklog(reader, plan.query, plan.start, false, progress, step)) {
      signal?.throwIfAborted()
      const before = chunks.length
      writer.write(found.number, found.at, found.event, chunks)
      progress.written++
      for (let at = before; at < chunks.length; at++) size += chunks[at]?.length ?? 0
      if (size >= writeAtOnce) await write()
    }
    writer.end(chunks)
    await write()
    if (!direct) await file.sync()
    await file.close()
    file = undefined
    if (!direct) await rename(part, plan.file)
  } catch (error) {
    await file?.close().catch(() => undefined)
    if (!direct && systemCode(error) !== 'EEXIST') await rm(part, { force: true })
    throw exportError(error, plan.file)
  }
}

/** A pipe or a device, such as `/dev/stdout`: it is written to, and no file takes its place. */
async function isDevice(path: string): Promise<boolean> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new SluiceError('SLUICE_FILE', `cannot write ${path}: it is a folder`)
    return !found.isFile()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}

async function writeWhole(file: FileHandle, chunk: Buffer, progress: ExportProgress): Promise<void> {
  for (let at = 0; at < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, at)
    at += bytesWritten
  }
  progress.writtenBytes += chunk.length
}

function exportError(error: unknown, file: string): unknown {
  if (isSluiceError(error)) return error
  const code = systemCode(error)
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new SluiceError('SLUICE_DISK_FULL', `the disk is full: ${file} could not be written`, { cause: error })
  if (code === 'EEXIST') return new SluiceError('SLUICE_FILE', `${file} is being written by another export`)
  return code === undefined ? error : new SluiceError('SLUICE_FILE', `cannot write ${file}: ${errorText(error)}`)
}

interface FormWriter {
  begin(): Buffer
  write(number: number, at: number, event: Event, out: Buffer[]): void
  end(out: Buffer[]): void
}

function formWriter(format: ExportFormat): FormWriter {
  if (format === 'avro') return avroWriter(new AvroEventSerializer('deflate', containerBlock))
  return {
    begin: () => Buffer.alloc(0),
    write: (number, at, { headers, body }, out) => {
      const content =
        isText(body) && isUtf8(body) ? { body: body.toString('utf8') } : { bodyBase64: body.toString('base64') }
      out.push(Buffer.from(`${JSON.stringify({ number, at, headers: Object.fromEntries(headers), ...content })}\n`))
    },
    end: () => undefined,
  }
}

function avroWriter(serializer: EventSerializer): FormWriter {
  return {
    begin: () => serializer.begin(),
    write: (_, __, event, out) => serializer.write(event, out),
    end: (out) => {
      serializer.flush(out)
      out.push(serializer.end())
    },
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function isUtf8(body: Buffer): boolean {
  try {
    strict.decode(body)
    return true
  } catch {
    return false
  }
}

/** Finished exports, the newest first. */
export async function listExports(folder: string): Promise<{ file: string; bytes: number; at: number }[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  })
  const found = await Promise.all(
    names
      .filter((name) => isExportName(name))
      .map(async (file) => {
        const { size, mtimeMs } = await stat(join(folder, file))
        return { file, bytes: size, at: Math.round(mtimeMs) }
      }),
  )
  return found.sort((one, other) => other.at - one.at)
}

/** `channel-2026-11-23T16-31-17-042.ndjson`: nothing of a channel's name that a file system minds. */
export function exportName(channel: string, format: ExportFormat, now: number): string {
  const stamp = new Date(now).toISOString().replace(/[:.]/g, '-').slice(0, -1)
  return `${channel.replace(/[^\w-]/g, '_').slice(0, 80)}-${stamp}.${format}`
}

export function isExportName(name: string): boolean {
  return /^[\w-]{1,160}\.(?:ndjson|avro)$/.test(name)
}

/** Makes the folder for exports; only its owner may look in. Throws `SLUICE_DISK_FULL` or `SLUICE_FILE`. */
export async function prepareExports(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw exportError(error, folder)
    throw new SluiceError('SLUICE_FILE', `exports go into the folder ${folder}, but that is a file: move it away`)
  }
}
