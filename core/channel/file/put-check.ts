import { SluiceError } from '../../errors.ts'
import type { Batch } from '../../event/batch.ts'
import type { SourcePosition } from '../channel.ts'

/** Bytes of a position's key and state: they lie in every frame's head. */
const mostKeyBytes = 512
const mostStateBytes = 4096

/** What is wrong with a put in itself, whatever the channel's state: undefined when nothing is. */
export function wrongPut(
  batch: Batch,
  position: SourcePosition | undefined,
  transactionCapacity: number,
  channel: string,
): SluiceError | undefined {
  if (batch.count > transactionCapacity)
    return new SluiceError(
      'SLUICE_BATCH_TOO_LARGE',
      `a batch of ${batch.count} events is more than transactionCapacity ${transactionCapacity} of channel ` +
        `${channel}: make batches smaller or transactionCapacity larger`,
    )
  if (position === undefined) return undefined
  const { key, state } = position
  if (Buffer.byteLength(key) > mostKeyBytes || Buffer.byteLength(state) > mostStateBytes)
    return new SluiceError('SLUICE_INTERNAL', `position ${key.slice(0, 80)} is too long`)
  return undefined
}
