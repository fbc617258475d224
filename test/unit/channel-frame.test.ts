import fs from 'node:fs'
import path from 'node:path'
import { fc } from '../property-checks.ts'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { frameHeaderSize, type FrameHeader, readFrameHeader, writeFrameHeader } from '../../core/channel/file/frame.ts'
import { scanFrames } from '../../core/channel/file/frame-scan.ts'
import { temporaryFolder } from '../file-channel-rig.ts'

const salt = Buffer.from('0123456789abcdef', 'hex')
const wide = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const word = fc.integer({ min: 0, max: 0xffffffff })

const headers: fc.Arbitrary<FrameHeader> = fc.record({
  kind: fc.constantFrom('events' as const, 'state' as const, 'quarantine' as const),
  codec: fc.integer({ min: 0, max: 3 }),
  keyId: word,
  block: wide,
  firstEvent: wide,
  count: word,
  rawLength: word,
  at: fc.double({ noNaN: true, noDefaultInfinity: true }),
  metaLength: word,
  metaCrc: word,
  length: word,
  crc: word,
  groupBack: word,
})

test('a header reads as it was written, and not with any bit changed', () => {
  fc.assert(
    fc.property(headers, fc.integer({ min: 0, max: frameHeaderSize * 8 - 1 }), (header, bit) => {
      const bytes = Buffer.alloc(frameHeaderSize + 7)
      writeFrameHeader(bytes, 5, header, salt)
      expect(readFrameHeader(bytes, 5, salt)).toEqual(header)
      expect(readFrameHeader(bytes, 5, undefined)).toEqual(header)
      bytes[5 + (bit >> 3)]! ^= 1 << (bit & 7)
      expect(readFrameHeader(bytes, 5, salt)).toBeUndefined()
    }),
    { numRuns: 300 },
  )
})

function frame(number: number, payload: Buffer, of = salt): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(frameHeaderSize), payload])
  const header: FrameHeader = {
    kind: 'events',
    codec: 0,
    keyId: 0,
    block: number,
    firstEvent: number,
    count: 1,
    rawLength: payload.length,
    at: 0,
    metaLength: 0,
    metaCrc: 0,
    length: payload.length,
    crc: crc32(payload),
    groupBack: 0,
  }
  writeFrameHeader(bytes, 0, header, of)
  return bytes
}

test('a scan finds every whole frame between damage, and no frame that another channel or an event body forged', () => {
  const place = temporaryFolder()
  const file = path.join(place.folder, 'segment')
  try {
    fc.assert(
      fc.property(
        fc.array(fc.record({ size: fc.integer({ min: 0, max: 3000 }), junk: fc.boolean() }), { maxLength: 12 }),
        (wanted) => {
          const parts: Buffer[] = []
          wanted.forEach(({ size, junk }, number) => {
            // An event body that holds a whole frame of another salt must not pass for one of ours.
            if (junk) parts.push(frame(999, Buffer.alloc(size % 50), Buffer.alloc(8, 1)), Buffer.from('SLF1 no frame'))
            else parts.push(frame(number, Buffer.alloc(size, number)))
          })
          fs.writeFileSync(file, Buffer.concat(parts))
          const descriptor = fs.openSync(file, 'r')
          const size = fs.fstatSync(descriptor).size
          const scanned = [...scanFrames(descriptor, 0, size, { salt, payloads: true })]
          fs.closeSync(descriptor)
          let at = 0
          for (const item of scanned) {
            expect(item.at).toBe(at)
            at = item.end
          }
          expect(at).toBe(size)
          const found = scanned.flatMap((item) => (item.found === 'frame' ? [item.header.block] : []))
          expect(found).toEqual(wanted.flatMap(({ junk }, number) => (junk ? [] : [number])))
        },
      ),
      { numRuns: 100 },
    )
  } finally {
    place.remove()
  }
})
