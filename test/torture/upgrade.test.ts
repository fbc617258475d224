import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fsck } from '../../core/channel/file/fsck.ts'
import type { Event } from '../../core/event/event.ts'
import { ledgerBalance, makeFileChannel, numberedBatch, temporaryFolder } from '../file-channel-rig.ts'

const formats = path.join(import.meta.dirname, 'formats')
const released = fs.readdirSync(formats).filter((name) => /^\d+$/.test(name))

let place: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  place = temporaryFolder()
})
afterEach(() => place.remove())

test.each(released)(
  'a channel folder of format %s opens with every event, position and sender in it',
  async (format) => {
    const folder = path.join(place.folder, 'channel')
    fs.cpSync(path.join(formats, format), folder, { recursive: true })
    expect(await fsck(folder)).toMatchObject({
      ...{ ok: true, queuedFound: 172, quarantine: { frames: 1, events: 5 } },
      ledger: { received: 212, delivered: 35, queued: 172, quarantined: 5, lost: 0 },
    })
    const channel = makeFileChannel(folder, { hotTail: 0 })
    try {
      await channel.open()
      expect(channel.position('r1/app.log')).toMatchObject({ offset: 200, state: '{"from":"format"}' })
      // What that sender sends again is known.
      await channel.put(numberedBatch(200, 10, 40), {
        identity: { sender: '00112233445566778899aabbccddeeff', firstEvent: 700, floor: 0 },
      })
      await channel.put(numberedBatch(1000, 1, 40))
      const events: Event[] = []
      for (;;) {
        const lease = await channel.take(1000, 1 << 20, 100)
        if (lease === undefined) break
        for (const batch of lease.batches)
          for (const { headers, body } of batch.events()) events.push({ headers, body: Buffer.from(body) })
        await lease.ack()
      }
      const numbered = (number: number) => `${number} ${'x'.repeat(40)}`
      expect(events.slice(0, 170).map(({ body }) => body.toString())).toEqual(
        Array.from({ length: 170 }, (_, at) => numbered(at + 40)),
      )
      expect(events.slice(170)).toEqual([
        { headers: new Map([['schlüssel', 'größe €']]), body: Buffer.from([0, 0xff, 10, 13]) },
        { headers: new Map(), body: Buffer.alloc(0) },
        { headers: new Map(), body: Buffer.from(numbered(1000)) },
      ])
      expect(ledgerBalance(channel)).toBe(0)
      expect(channel.stats().ledger).toMatchObject({ received: 213, repeated: 10, lost: 0 })
    } finally {
      await channel.close(2000)
    }
  },
)

test('there is a fixture of a released format', () => {
  expect(released).toContain('1')
})
