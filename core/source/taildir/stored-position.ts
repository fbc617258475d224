import { z } from 'zod'
import type { SourcePosition } from '../../channel/channel.ts'
import { type Fingerprint, type Mark, noFingerprint, startMark } from './mark.ts'

/** What a channel keeps of one stream of bytes beside its offset. */
export interface StreamState {
  readonly path: string
  readonly device: string
  readonly inode: string
  /** When the file was made, in nanoseconds; empty where the file system does not say. */
  readonly born: string
  /** Last change that was seen, milliseconds since the epoch. */
  readonly changedAt: number
  readonly gzip: boolean
  /** Of the stream's first bytes, at most as many as were read. */
  readonly head: Fingerprint
}

const schema = z.object({
  path: z.string(),
  dev: z.string(),
  ino: z.string(),
  born: z.string().default(''),
  at: z.number().default(0),
  gz: z.literal(1).optional(),
  head: z.tuple([z.number(), z.string()]),
  tail: z.tuple([z.number(), z.string()]),
  mid: z.literal(1).optional(),
  skip: z.literal(1).optional(),
  blk: z.tuple([z.number(), z.number()]).optional(),
})

export function encodeState(state: StreamState, mark: Mark): string {
  return JSON.stringify({
    path: state.path,
    dev: state.device,
    ino: state.inode,
    born: state.born,
    at: state.changedAt,
    gz: state.gzip ? 1 : undefined,
    head: [state.head.length, state.head.digest],
    tail: [mark.tail.length, mark.tail.digest],
    mid: mark.line.midLine ? 1 : undefined,
    skip: mark.line.skipping ? 1 : undefined,
    blk: mark.block && [mark.block.at, mark.block.first],
  })
}

/** Reads back what {@link encodeState} made; undefined for anything else. */
export function decodeState(position: SourcePosition): { state: StreamState; mark: Mark } | undefined {
  let json: unknown
  try {
    json = JSON.parse(position.state)
  } catch {
    return undefined
  }
  const parsed = schema.safeParse(json)
  if (!parsed.success) return undefined
  const { data } = parsed
  const print = ([length, digest]: [number, string]): Fingerprint => (length === 0 ? noFingerprint : { length, digest })
  return {
    state: {
      path: data.path,
      device: data.dev,
      inode: data.ino,
      born: data.born,
      changedAt: data.at,
      gzip: data.gz === 1,
      head: print(data.head),
    },
    // Of several channels one may have nothing yet: reading starts over then, and the mark is another's.
    mark:
      position.offset === 0 && data.tail[0] > 0
        ? startMark
        : {
            offset: position.offset,
            tail: print(data.tail),
            line: { midLine: data.mid === 1, skipping: data.skip === 1 },
            ...(data.blk && { block: { at: data.blk[0], first: data.blk[1] } }),
          },
  }
}
