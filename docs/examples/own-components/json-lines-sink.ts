import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { SinkDefinition } from '../../../core/component/definition.ts'
import type { Toolkit } from '../../../core/component/toolkit.ts'
import type { Sink } from '../../../core/sink/sink.ts'

/** Appends each event to a file as one line of JSON: `{"headers":{…},"body":"…"}`. */
export function definition({ defineSink, z, text, whole, SluiceError }: Toolkit): SinkDefinition {
  return defineSink({
    type: 'json-lines',
    aliases: [],
    summary: 'Appends each event to a file as one line of JSON.',
    settings: z.object({
      file: text().describe('The file; it is made when it is missing.'),
      batchSize: whole(1).default(100).describe('Most events that are written and synced at once.'),
    }),
    create({ file, batchSize }, { baseDirectory }): Sink {
      let handle: FileHandle | undefined
      return {
        batchSize,
        concurrency: 1,
        async start() {
          handle = await open(resolve(baseDirectory, file), 'a')
        },
        async stop() {
          await handle?.close()
          handle = undefined
        },
        // When this resolves the events leave the channel, so it must not resolve before they are safe.
        async deliver({ batches }) {
          if (handle === undefined) throw new SluiceError('SLUICE_DELIVERY', `${file} is not open`)
          let lines = ''
          for (const batch of batches)
            for (const { headers, body } of batch.events())
              lines += `${JSON.stringify({ headers: Object.fromEntries(headers), body: body.toString() })}\n`
          await handle.appendFile(lines)
          await handle.datasync()
        },
      }
    },
  })
}
