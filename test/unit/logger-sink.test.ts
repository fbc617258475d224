import { describe, expect, it } from 'vitest'
import { eventText } from '../../core/sink/logger/event-text.ts'

const text = (body: string, headers: Record<string, string> = {}, maxBytes = 16) =>
  eventText({ headers: new Map(Object.entries(headers)), body: Buffer.from(body) }, maxBytes)

describe('the text of the logger sink', () => {
  it('is what Flume 1.11 prints', () => {
    expect(text('Hello world!\r', { k: 'v' })).toBe(
      'Event: { headers:{k=v} body: 48 65 6C 6C 6F 20 77 6F 72 6C 64 21 0D          Hello world!. }',
    )
    expect(text('hello', { k: 'v' })).toBe(
      'Event: { headers:{k=v} body: 68 65 6C 6C 6F                                  hello }',
    )
    expect(text('')).toBe('Event: { headers:{} body: }')
  })

  it('cuts at maxBytesToLog, and gives further rows their offset', () => {
    expect(text('0123456789abcdefXYZ')).toContain('0123456789abcdef }')
    expect(text('0123456789abcdefXYZ', {}, 40)).toContain(
      '0123456789abcdef\n00000010 58 59 5A                                        XYZ }',
    )
  })
})
