import { type z } from 'zod'
import { SluiceError } from '../errors.ts'

/** What a schema makes of parameters from outside; throws `SLUICE_CONTROL` with every mistake in them. */
export function checkParams<Schema extends z.ZodType>(name: string, schema: Schema, params: unknown): z.output<Schema> {
  const checked = schema.safeParse(params ?? {})
  if (checked.success) return checked.data
  const issues = checked.error.issues.map(({ path, message }) => `${path.join('.') || 'parameters'}: ${message}`)
  throw new SluiceError('SLUICE_CONTROL', `${name} does not take that: ${issues.join('; ')}`)
}
