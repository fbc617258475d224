import { z } from 'zod'
import { call } from './call.ts'

/** Epoch milliseconds. */
const time = z.number()

export const operatorEventSchema = z.object({
  id: z.number(),
  firstAt: time,
  lastAt: time,
  count: z.number(),
  component: z.string(),
  code: z.string(),
  message: z.string(),
  acknowledged: z.boolean(),
})

/** Which events: all that is given must hold. */
const filter = {
  /** `source:r1`, `channel:c1`, `sink:k1`, `agent`. */
  component: z.string().min(1).max(300).optional(),
  code: z.string().min(1).max(100).optional(),
  /** A part of the message, the component or the code, without regard to case. */
  text: z.string().max(1_000).optional(),
}
const limit = z.number().int().min(1).max(1_000).default(100)

export const eventCalls = {
  events: call(
    'read',
    'What happened, the newest first.',
    z.object({ limit, before: z.number().int().optional(), acknowledged: z.boolean().default(false), ...filter }),
    z.array(operatorEventSchema),
  ),
  eventKinds: call(
    'read',
    'Which components have events of which codes, how many, and how many of them nobody has acknowledged.',
    z.object({}),
    z.array(z.object({ component: z.string(), code: z.string(), events: z.number(), open: z.number() })),
  ),
  acknowledge: call(
    'operate',
    'Marks events as seen; returns how many were open.',
    z.object({ ids: z.union([z.literal('all'), z.array(z.number().int()).max(10_000)]) }),
    z.object({ count: z.number() }),
  ),
} as const

export const eventSubscription = {
  role: 'read',
  params: z.object({ limit, acknowledged: z.boolean().default(true), ...filter }),
  message: z.array(operatorEventSchema),
} as const
