/** Reads Avro object container files (Avro 1.11 specification, "Object Container Files"), a block at a time. */
import { promisify } from 'node:util'
import { constants, crc32, inflateRaw, zstdDecompress } from 'node:zlib'
import { SluiceError, errorText, isSluiceError } from '../errors.ts'
import { AvroCursor } from '../event/avro-bytes.ts'
import { bytesAt, type FileContent } from '../source/taildir/file-content.ts'
import { snappyUncompressed } from './snappy.ts'

const inflate = promisify(inflateRaw)
const zstd = promisify(zstdDecompress)

const magic = Buffer.from('Obj\x01', 'latin1')
const syncLength = 16
const firstHeaderRead = 64 * 1024
const mostHeader = 16 * 1024 * 1024
/** Two numbers of at most ten bytes. */
const mostBlockHead = 20
/** Values that take no bytes are not bounded by any: more of them than this in a block is damage. */
const mostEvents = 100_000_000

export const containerCodecs = ['null', 'deflate', 'snappy', 'zstandard'] as const
type ContainerCodec = (typeof containerCodecs)[number]

export interface ContainerHeader {
  /** JSON text, as it stands in the file. */
  readonly schema: string
  readonly codec: ContainerCodec
  readonly sync: Buffer
  /** Where the first block begins. */
  readonly end: number
}

export interface ContainerBlock {
  readonly count: number
  /** Uncompressed. */
  readonly data: Buffer
  /** Where the next block begins. */
  readonly end: number
}

/** The header of the file; `SLUICE_FILE` when it has none, or one that cannot be read. */
export async function readContainerHeader(content: FileContent): Promise<ContainerHeader> {
  for (let length = firstHeaderRead; ; length *= 4) {
    const bytes = await bytesAt(content, 0, length)
    if (!bytes.subarray(0, magic.length).equals(magic))
      throw new SluiceError(
        'SLUICE_FILE',
        bytes.length === 0 ? 'it is empty, and no Avro container file' : 'it is no Avro container file',
      )
    try {
      return parseHeader(bytes)
    } catch (error) {
      if (!isSluiceError(error, 'SLUICE_EVENT_FORMAT')) throw error
      if (bytes.length < length || length >= mostHeader)
        throw new SluiceError('SLUICE_FILE', `the header of the Avro file is damaged: ${errorText(error)}`)
    }
  }
}

function parseHeader(bytes: Buffer): ContainerHeader {
  const cursor = new AvroCursor(bytes, magic.length)
  const metadata = new Map<string, string>()
  for (;;) {
    let count = cursor.long()
    if (count === 0) break
    if (count < 0) {
      cursor.long()
      count = -count
    }
    for (let index = 0; index < count; index++) metadata.set(cursor.text(), cursor.text())
  }
  if (cursor.at + syncLength > bytes.length)
    throw new SluiceError('SLUICE_EVENT_FORMAT', 'it ends before the first block')
  const schema = metadata.get('avro.schema')
  if (schema === undefined) throw new SluiceError('SLUICE_FILE', 'the header of the Avro file has no schema')
  const named = metadata.get('avro.codec') ?? 'null'
  const codec = containerCodecs.find((one) => one === named)
  if (codec === undefined)
    throw new SluiceError(
      'SLUICE_FILE',
      `it is compressed by ${named}, which is not read here: write it with ${containerCodecs.join(', ')}`,
    )
  const end = cursor.at + syncLength
  return { schema, codec, sync: Buffer.from(bytes.subarray(cursor.at, end)), end }
}

/**
 * The block that begins at byte `at`; undefined at the end of the file. `SLUICE_FILE` says what is wrong with it; `mostBytes`
 * bounds it, as it lies in the file and uncompressed.
 */
export async function readContainerBlock(
  content: FileContent,
  header: ContainerHeader,
  at: number,
  mostBytes: number,
): Promise<ContainerBlock | undefined> {
  const damaged = (what: string, cause?: unknown) =>
    new SluiceError('SLUICE_FILE', `the block at byte ${at} is damaged: ${what}`, { cause })
  const head = new AvroCursor(await bytesAt(content, at, mostBlockHead))
  if (head.end === 0) return undefined
  let count: number
  let size: number
  try {
    count = head.long()
    size = head.long()
  } catch (error) {
    throw damaged(head.end < mostBlockHead ? 'the file ends in it' : 'it does not begin as a block', error)
  }
  if (count < 0 || count > mostEvents || size < 0) throw damaged('it does not begin as a block')
  if (size > mostBytes)
    throw new SluiceError(
      'SLUICE_FILE',
      `the block at byte ${at} has ${size} bytes, and deserializer.maxBlockLength is ${mostBytes}: make it larger`,
    )
  const body = await bytesAt(content, at + head.at, size + syncLength)
  if (body.length < size + syncLength) throw damaged('the file ends in it')
  if (!body.subarray(size).equals(header.sync)) throw damaged('the mark at its end is not there')
  try {
    const data = await uncompressed(body.subarray(0, size), header.codec, mostBytes)
    return { count, data, end: at + head.at + size + syncLength }
  } catch (error) {
    throw damaged(`${header.codec} cannot read it: ${errorText(error)}`, error)
  }
}

async function uncompressed(bytes: Buffer, codec: ContainerCodec, mostBytes: number): Promise<Buffer> {
  switch (codec) {
    case 'null':
      return bytes
    case 'deflate':
      return inflate(bytes, { maxOutputLength: mostBytes })
    case 'zstandard':
      return zstd(bytes, { maxOutputLength: mostBytes, params: { [constants.ZSTD_d_windowLogMax]: 27 } })
    case 'snappy': {
      if (bytes.length < 4) throw new SluiceError('SLUICE_FILE', 'it is too short')
      const data = snappyUncompressed(bytes.subarray(0, -4), mostBytes)
      if (crc32(data) !== bytes.readUInt32BE(bytes.length - 4))
        throw new SluiceError('SLUICE_FILE', 'its checksum is another')
      return data
    }
  }
}
