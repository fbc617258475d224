/** A batch's identity in the metadata of an Avro call: sender's hexadecimal id, first event, floor. */
import type { BatchIdentity } from '../channel/channel.ts'
import { AvroCursor } from '../event/avro-bytes.ts'
import { SluiceError } from '../errors.ts'
import { AvroWriter } from './avro-writer.ts'

export function encodeIdentity(identity: BatchIdentity): Buffer {
  return new AvroWriter().text(identity.sender).long(identity.firstEvent).long(identity.floor).finish()
}

/** Throws `SLUICE_EVENT_FORMAT` when the bytes are no identity: storing a batch under a wrong one could hide another. */
export function decodeIdentity(bytes: Buffer): BatchIdentity {
  const cursor = new AvroCursor(bytes)
  const identity = { sender: cursor.text(), firstEvent: cursor.long(), floor: cursor.long() }
  const { sender, firstEvent, floor } = identity
  if (!/^[0-9a-f]{32}$/.test(sender) || !Number.isSafeInteger(firstEvent) || floor < 0 || floor > firstEvent)
    throw new SluiceError('SLUICE_EVENT_FORMAT', 'the batch identity in the call metadata is malformed')
  return identity
}
