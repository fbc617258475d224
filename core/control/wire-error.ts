import { z } from 'zod'
import { errorCodes, isSluiceError, SluiceError } from '../errors.ts'

/** An error as carriers carry it: no stack, no cause. */
export const wireErrorSchema = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
})
export type WireError = z.infer<typeof wireErrorSchema>

/** Nobody outside sees the inside of an unforeseen error. */
export function wireError(error: unknown): WireError {
  if (isSluiceError(error)) return { code: error.code, message: error.message, details: { ...error.details } }
  return { code: 'SLUICE_INTERNAL', message: 'something unforeseen happened', details: {} }
}

export function fromWire({ code, message, details }: WireError): SluiceError {
  return new SluiceError(code, message, { details })
}
