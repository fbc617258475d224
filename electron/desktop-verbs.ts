import { z } from 'zod'

/** What the page may ask of the desktop itself, beside the agents' contract, with what each takes. */
export const desktopVerbs = {
  pickFolder: z.object({}),
  pickChannelFolder: z.object({}),
  takeChannelFolder: z.object({}),
  saveExport: z.object({ agent: z.string().min(1).max(300), file: z.string().min(1).max(4_096) }),
  secrets: z.object({}),
  keepSecret: z.object({ name: z.string().max(100), value: z.string().min(1).max(10_000) }),
  forgetSecret: z.object({ name: z.string().max(100) }),
  settleSecrets: z.object({}),
} as const

export type DesktopVerb = keyof typeof desktopVerbs
export type DesktopHandlers = {
  readonly [Verb in DesktopVerb]: (params: z.output<(typeof desktopVerbs)[Verb]>) => unknown
}
