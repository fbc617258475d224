import { z } from 'zod'
import { markKinds } from '../agent/flow-marks.ts'
import { call } from './call.ts'

/** Epoch milliseconds. */
const time = z.number()

export const flowCalls = {
  marks: call(
    'read',
    'What to mark on a chart: operator actions, outages, times of a full channel or disk. The oldest first.',
    z.object({ from: time, to: time, limit: z.number().int().min(1).max(5_000).default(1_000) }),
    z.array(
      z.object({
        id: z.number(),
        /** `down`: the agent itself did not run. */
        kind: z.enum(markKinds),
        /** `source:r1`, `channel:c1`, `sink:k1`, `agent`. */
        component: z.string(),
        code: z.string(),
        text: z.string(),
        from: time,
        /** Equal to `from` for what is a moment; null: it lasts. */
        to: time.nullable(),
      }),
    ),
  ),
} as const
