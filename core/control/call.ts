import type { z } from 'zod'

/** `read` looks, `operate` commands the flow, `configure` changes the configuration. */
export const roles = ['read', 'operate', 'configure'] as const
export type Role = (typeof roles)[number]

/** One call of the contract: who may make it, what it takes and what it gives. */
export interface Call<Params extends z.ZodType, Result extends z.ZodType> {
  readonly summary: string
  readonly role: Role
  readonly params: Params
  readonly result: Result
}

export function call<Params extends z.ZodType, Result extends z.ZodType>(
  role: Role,
  summary: string,
  params: Params,
  result: Result,
): Call<Params, Result> {
  return { summary, role, params, result }
}
