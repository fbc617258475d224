/**
 * Everything that can be asked of a running agent: one list of calls and one of subscriptions. The window, the command
 * line and tests use nothing else; carriers know no single call. Parameters and results are checked at the border.
 */
import { z } from 'zod'
import { call, type Role } from './call.ts'
import { backlogCalls, backlogSubscriptions } from './backlog-calls.ts'
import { configCalls } from './config-calls.ts'
import { eventCalls, eventSubscription } from './event-calls.ts'
import { flowCalls } from './flow-calls.ts'
import { sourceCalls } from './source-calls.ts'
import { agentStatusSchema, ledgerSchema } from './status-schema.ts'

export { type Role, roles } from './call.ts'

const done = z.object({})
/** A part's name (`r1`), with its kind in front where several parts share it (`source:r1`). */
const component = z.string().min(1).max(300)
/** Events a second. */
const rate = z.number().positive().max(1e9)

const historyPoint = z.object({ t: z.number(), min: z.number(), max: z.number(), last: z.number() })

export const calls = {
  status: call('read', 'What every part is doing.', z.object({}), agentStatusSchema),
  pause: call(
    'operate',
    'Pauses a source or a sink; without a component all of them. Outlives a restart.',
    z.object({ component: component.optional() }),
    done,
  ),
  resume: call(
    'operate',
    "Ends a pause, or a channel's drain; without a component all of them.",
    z.object({ component: component.optional() }),
    done,
  ),
  drain: call(
    'operate',
    'Pauses the sources of a channel until its sinks have emptied it.',
    z.object({ channel: component, rate: rate.optional() }),
    done,
  ),
  cancelDrain: call('operate', 'Ends a drain before its time.', z.object({ channel: component }), done),
  setRate: call(
    'operate',
    'Lets at most so many events a second leave a channel; null ends the limit.',
    z.object({ channel: component, rate: rate.nullable() }),
    done,
  ),
  stop: call('operate', 'Stops the agent; what is queued stays queued.', z.object({}), done),
  history: call(
    'read',
    'A series such as channel:c1:events between two times, as at most so many buckets.',
    z.object({
      series: z.string().min(1).max(400),
      from: z.number(),
      to: z.number(),
      pixels: z.number().int().min(1).max(10_000),
    }),
    z.object({ width: z.number(), points: z.array(historyPoint) }),
  ),
  historySeries: call('read', 'The names of all series.', z.object({}), z.array(z.string())),
  ledger: call(
    'read',
    'The books of a channel; null while it is not open.',
    z.object({ channel: component }),
    ledgerSchema.nullable(),
  ),
  ...flowCalls,
  ...configCalls,
  ...sourceCalls,
  ...eventCalls,
  ...backlogCalls,
} as const

export type CallName = keyof typeof calls
/** What a caller gives; defaults may be left out. */
export type CallParams<Name extends CallName> = z.input<(typeof calls)[Name]['params']>
export type CallResult<Name extends CallName> = z.output<(typeof calls)[Name]['result']>

/**
 * At most four messages a second. Of a state (`status`, `events`) each message holds the whole, so that a reader that
 * missed some has lost nothing; streams (`backlogSearch`, `backlogExport`) go on from message to message and end by
 * themselves, without an error when they are complete.
 */
export const subscriptions = {
  status: { role: 'read', params: z.object({}), message: agentStatusSchema },
  events: eventSubscription,
  ...backlogSubscriptions,
} as const satisfies Record<string, { role: Role; params: z.ZodType; message: z.ZodType }>

export type SubscriptionName = keyof typeof subscriptions
export type SubscriptionParams<Name extends SubscriptionName> = z.input<(typeof subscriptions)[Name]['params']>
export type SubscriptionMessage<Name extends SubscriptionName> = z.output<(typeof subscriptions)[Name]['message']>

/** What a carrier carries: names and JSON values. Errors are `SluiceError`s on both ends. */
export interface ControlPort {
  call(name: string, params: unknown, signal?: AbortSignal): Promise<unknown>
  /**
   * Resolves when it is established, with the function that ends it. `ended` hears of its end from the other side: with
   * undefined when a stream is complete.
   */
  subscribe(
    name: string,
    params: unknown,
    listener: (message: unknown) => void,
    ended: (error: unknown) => void,
  ): Promise<() => void>
}
