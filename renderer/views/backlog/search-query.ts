import type { SubscriptionParams } from '../../../core/control/contract.ts'

export type Query = SubscriptionParams<'backlogSearch'>['query']

/** What stands in the fields of the search. */
export interface SearchFields {
  readonly text: string
  readonly isPattern: boolean
  readonly matchCase: boolean
  readonly where: 'any' | 'body' | 'headers'
  /** `name` or `name=value`. */
  readonly header: string
}

export interface ReadQuery {
  /** Undefined when there is nothing to look for, or something is wrong. */
  readonly query: Query | undefined
  readonly textError: string
  readonly headerError: string
}

/** Makes a query of the fields, or says beside which of them something is wrong. */
export function readQuery({ text, isPattern, matchCase, where, header }: SearchFields): ReadQuery {
  const name = header.includes('=') ? header.slice(0, header.indexOf('=')).trim() : header.trim()
  const value = header.includes('=') ? header.slice(header.indexOf('=') + 1).trim() : undefined
  const headerError = name === '' && header.trim() !== '' ? 'give a header as name or name=value' : ''
  const textError = isPattern ? patternError(text) : ''
  if (headerError !== '' || textError !== '' || (text === '' && name === ''))
    return { query: undefined, textError, headerError }
  const query: Query = {
    ...(text === '' ? {} : isPattern ? { regex: text } : { text }),
    ...(matchCase ? {} : { ignoreCase: true }),
    ...(where === 'any' ? {} : { in: where }),
    ...(name === '' ? {} : { header: value === undefined ? { name } : { name, value } }),
  }
  return { query, textError: '', headerError: '' }
}

function patternError(text: string): string {
  try {
    new RegExp(text)
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
