import { z } from 'zod'
import { wireErrorSchema } from '../core/control/wire-error.ts'

/** What main tells the agent's process. */
export type ToAgent =
  | { readonly about: 'control'; readonly message: unknown }
  /** For `${NAME}` in the configuration; the agents start with the first. Not in its environment, which others can see. */
  | { readonly about: 'secrets'; readonly secrets: Readonly<Record<string, string>> }
  /** The machine has slept since then, epoch milliseconds. */
  | { readonly about: 'awake'; readonly since: number }
  | { readonly about: 'stop' }

/** What the agent's process tells main; it is another program's word, so it is checked. */
export const fromAgentSchema = z.discriminatedUnion('about', [
  z.object({ about: z.literal('control'), message: z.unknown() }),
  /** Every agent runs. `exports` is the folder where an agent's finished exports lie. */
  z.object({
    about: z.literal('running'),
    agents: z.array(z.object({ name: z.string(), exports: z.string() })),
    /** Another process runs them, which had the workspace already. */
    attachedTo: z.number().optional(),
  }),
  /** That process has ended; the flow is started here. */
  z.object({ about: z.literal('left'), pid: z.number() }),
  /** None could be started; the process ends after this. */
  z.object({ about: z.literal('failed'), error: wireErrorSchema }),
  /** Somebody asked for it; the process ends after this and is not to be started again. */
  z.object({ about: z.literal('stopped') }),
])
export type FromAgent = z.infer<typeof fromAgentSchema>
