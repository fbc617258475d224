/** A channel's folder with many small events in it, put there by the file channel itself. */
import { Batch } from '../../core/event/batch.ts'
import { BatchBuilder } from '../../core/event/batch-builder.ts'
import { benchChannel } from './channel-put.ts'

export const eventsOfBlock = 1000
const underWay = 8

/** Lines of an access log with a header, no two of a block alike. */
function logBatch(): Batch {
  const builder = new BatchBuilder(eventsOfBlock * 140)
  for (let index = 0; index < eventsOfBlock; index++)
    builder.addEvent(
      new Map([['host', `edge${index % 7}`]]),
      Buffer.from(
        `10.0.0.${index % 251} - "GET /item/${String(index * 7919).padStart(7, '0')} HTTP/1.1" 200 ${1000 + index}`,
      ),
    )
  return builder.finish()
}

export interface FilledChannel {
  readonly events: number
  readonly bytes: number
}

/** Fills the channel in `folder` with `events` (whole blocks of a thousand) and closes it. */
export async function fillChannel(folder: string, events: number): Promise<FilledChannel> {
  const channel = benchChannel(folder)
  await channel.open()
  const batch = logBatch()
  let left = Math.ceil(events / eventsOfBlock)
  const putOn = async () => {
    while (left-- > 0) await channel.put(new Batch(batch.bytes, batch.count))
  }
  await Promise.all(Array.from({ length: underWay }, putOn))
  const stats = channel.stats()
  await channel.close(60_000)
  return { events: stats.events, bytes: stats.bytes }
}
