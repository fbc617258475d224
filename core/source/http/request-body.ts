import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'
import { errorText, systemCode } from '../../errors.ts'
import { BadRequest } from './handler.ts'

type Decompress = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

const decompressions: Readonly<Record<string, Decompress>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
}

/**
 * Reads and decompresses a body. `hold` is told how much has come. What goes in and what comes out is limited, so that a small bomb stays small.
 */
export async function requestBody(
  request: IncomingMessage,
  mostBytes: number,
  hold: (bytes: number) => void,
): Promise<Buffer> {
  const tooLarge = () => new BadRequest(413, `the body is over the limit of ${mostBytes} bytes (maxBodySize)`)
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) throw tooLarge()
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    length += (chunk as Buffer).length
    if (length > mostBytes) throw tooLarge()
    hold(length)
    chunks.push(chunk as Buffer)
  }
  const body = Buffer.concat(chunks)
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  if (encoding === 'identity' || encoding === '') return body
  const decompress = Object.hasOwn(decompressions, encoding) ? decompressions[encoding] : undefined
  if (!decompress)
    throw new BadRequest(415, `content-encoding ${encoding} is not taken: ${Object.keys(decompressions).join(', ')}`)
  try {
    return await decompress(body, { maxOutputLength: mostBytes })
  } catch (error) {
    if (systemCode(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw new BadRequest(400, `the body is not ${encoding}: ${errorText(error)}`)
  }
}
