import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { isExportName } from '../backlog/backlog-export.ts'
import { HttpRefusal } from '../control/http-carrier.ts'
import { systemCode } from '../errors.ts'
import { byteRange } from './byte-range.ts'

/** Sends a finished export of `folder` as a download. Rejects with what is to be answered when it cannot. */
export async function answerExport(
  folder: string,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    throw new HttpRefusal(405, 'SLUICE_CONTROL', 'an export is asked for with GET')
  }
  const missing = () => new HttpRefusal(404, 'SLUICE_CONTROL', 'there is no export of that name (any more)')
  if (!isExportName(name)) throw missing()
  let file: FileHandle
  try {
    // A link in the folder could lead anywhere; opening a pipe would wait for its other end.
    file = await open(join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(systemCode(error) ?? '')) throw missing()
    throw error
  }
  try {
    const found = await file.stat()
    if (!found.isFile()) throw missing()
    const etag = `"${found.size.toString(36)}-${found.mtimeMs.toString(36)}"`
    const { range: wanted, 'if-range': onlyIf } = request.headers
    // Gigabytes over a bad line: who has a part of the same file may ask for the rest.
    const range = onlyIf === undefined || onlyIf === etag ? byteRange(wanted, found.size) : undefined
    if (range === 'none') {
      response.setHeader('content-range', `bytes */${found.size}`)
      throw new HttpRefusal(416, 'SLUICE_CONTROL', `the export has ${found.size} bytes: there is nothing where you ask`)
    }
    const { start, end } = range ?? { start: 0, end: found.size - 1 }
    if (range) response.setHeader('content-range', `bytes ${start}-${end}/${found.size}`)
    response.writeHead(range ? 206 : 200, {
      'content-type': 'application/octet-stream',
      'content-length': end - start + 1,
      'content-disposition': `attachment; filename="${name}"`,
      'accept-ranges': 'bytes',
      'cache-control': 'no-store',
      etag,
    })
    if (request.method === 'HEAD' || found.size === 0) response.end()
    // What is appended meanwhile is not part of the length that was promised.
    else await pipeline(file.createReadStream({ start, end, autoClose: false }), response)
  } finally {
    await file.close()
  }
}
