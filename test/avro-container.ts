import { crc32, deflateRawSync, zstdCompressSync } from 'node:zlib'
import { longSize, writeLong } from '../core/event/avro-bytes.ts'

const number = (value: number) => {
  const bytes = Buffer.alloc(longSize(value))
  writeLong(bytes, value, 0)
  return bytes
}
/** Text or bytes as an Avro datum. */
export const avroBytes = (text: string | Buffer) => Buffer.concat([number(Buffer.byteLength(text)), Buffer.from(text)])

const sync = Buffer.from('0123456789abcdef')

/** An Avro container file of blocks of datums that are encoded already. */
export function avroContainer(schema: unknown, blocks: readonly (readonly Buffer[])[], codec = 'null'): Buffer {
  const header = [
    Buffer.from('Obj\x01', 'latin1'),
    number(2),
    ...['avro.schema', JSON.stringify(schema), 'avro.codec', codec].map(avroBytes),
    Buffer.from([0]),
    sync,
  ]
  const body = blocks.flatMap((datums) => {
    const data = compress[codec]?.(Buffer.concat(datums)) ?? Buffer.alloc(0)
    return [number(datums.length), avroBytes(data), sync]
  })
  return Buffer.concat([...header, ...body])
}

const compress: Readonly<Record<string, (data: Buffer) => Buffer>> = {
  null: (data) => data,
  deflate: (data) => deflateRawSync(data),
  zstandard: (data) => zstdCompressSync(data),
  snappy: (data) => {
    // Literals only: what Snappy may make of data, though nobody's does.
    const parts = [varint(data.length)]
    for (let at = 0; at < data.length; at += 60) {
      const literal = data.subarray(at, at + 60)
      parts.push(Buffer.from([(literal.length - 1) << 2]), literal)
    }
    const checksum = Buffer.alloc(4)
    checksum.writeUInt32BE(crc32(data))
    return Buffer.concat([...parts, checksum])
  },
}

function varint(value: number): Buffer {
  const bytes = []
  for (; value >= 0x80; value >>>= 7) bytes.push((value & 0x7f) | 0x80)
  return Buffer.from([...bytes, value])
}
