import { expect, test } from 'vitest'
import { type HeldConnection, spareConnection } from '../../core/spare-connection.ts'

const now = 100_000
const atWork: HeldConnection = { proven: true, idleSince: undefined }
const firstPut: HeldConnection = { proven: false, idleSince: undefined }
const recent: HeldConnection = { proven: true, idleSince: now - 9_000 }
const idle: HeldConnection = { proven: true, idleSince: now - 20_000 }
const idleLonger: HeldConnection = { proven: true, idleSince: now - 60_000 }
const stranger: HeldConnection = { proven: false, idleSince: now - 5 }
const olderStranger: HeldConnection = { proven: false, idleSince: now - 100 }

test.each([
  ['the oldest that has said nothing', [idleLonger, olderStranger, stranger], olderStranger],
  ['who is idle for longest, when all have said something', [recent, idle, idleLonger, atWork], idleLonger],
  ['nobody who is at work or was just now', [atWork, firstPut, recent], undefined],
  ['nobody of none', [], undefined],
])('%s gives way', (_, connections, spare) => {
  expect(spareConnection(connections, now)).toBe(spare)
})
