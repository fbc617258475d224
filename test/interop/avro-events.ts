/** Events for both sides, and how to read back what a `file_roll` sink with the `avro_event` serializer wrote. */
import avsc from 'avsc'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Event } from '../../core/event/event.ts'

/** What tends to go wrong on a wire: empty, binary, UTF-8, long, and many. */
export function edgeEvents(): Event[] {
  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
  const longValue = 'v'.repeat(70_000)
  return [
    { headers: new Map(), body: Buffer.alloc(0) },
    { headers: new Map([['', '']]), body: Buffer.from('empty key and value') },
    { headers: new Map([['k', 'v']]), body: everyByte },
    { headers: new Map([['größe', '大きい 😀']]), body: Buffer.from('żółć 😀\r\n\0') },
    { headers: new Map([['long', longValue]]), body: Buffer.from('long header') },
    { headers: new Map(Array.from({ length: 300 }, (_, n) => [`h${n}`, String(n)])), body: Buffer.from('many') },
    { headers: new Map([['size', '1 MB']]), body: Buffer.alloc(1 << 20, everyByte) },
    { headers: new Map(), body: Buffer.alloc(63, 0x40) },
    { headers: new Map(), body: Buffer.alloc(64, 0x40) },
    { headers: new Map(), body: Buffer.alloc(8192, 0x40) },
  ]
}

export function numberedEvents(count: number, prefix = 'event'): Event[] {
  return Array.from({ length: count }, (_, index) => ({
    headers: new Map([['number', String(index)]]),
    body: Buffer.from(`${prefix} ${index} `.padEnd(100, '.')),
  }))
}

/** An event as text that is equal exactly when headers (in any order) and body are. */
export function fingerprint(headers: Iterable<readonly [string, string]>, body: Buffer): string {
  const sorted = [...headers].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `${JSON.stringify(sorted)} ${body.toString('base64')}`
}

export function fingerprints(events: readonly Event[]): string[] {
  return events.map(({ headers, body }) => fingerprint(headers, body))
}

/** Reads every container file of `folder` in the order of the names, through Avro's own reader for JavaScript. */
export async function readContainers(folder: string): Promise<string[]> {
  const events: string[] = []
  const counter = (name: string) => Number(/-(\d+)(?:\.\w+)?$/.exec(name)?.[1] ?? 0)
  for (const name of readdirSync(folder).sort((a, b) => counter(a) - counter(b))) {
    const decoder = avsc.createFileDecoder(join(folder, name))
    await new Promise<void>((resolve, reject) => {
      decoder.on('data', (event: { headers: Record<string, string>; body: Buffer }) => {
        events.push(fingerprint(Object.entries(event.headers), event.body))
      })
      decoder.on('end', resolve)
      decoder.on('error', reject)
    })
  }
  return events
}
