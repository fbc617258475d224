import { statfs } from 'node:fs/promises'
import type { SourceDefinition } from '../../../core/component/definition.ts'
import type { Toolkit } from '../../../core/component/toolkit.ts'
import type { Source } from '../../../core/source/source.ts'

/** Sends one event every so often: how many bytes are free where `path` is, as text. */
export function definition({ defineSource, z, text, whole, BatchBuilder }: Toolkit): SourceDefinition {
  return defineSource({
    type: 'disk-space',
    aliases: [],
    summary: 'The free bytes of a file system, every so often.',
    settings: z.object({
      path: text().describe('A path on the file system.'),
      interval: whole(1).default(60_000).describe('Milliseconds between two events.'),
    }),
    create({ path, interval }, context): Source {
      const { channels, clock } = context
      let over = new AbortController()
      let running = Promise.resolve()

      async function measure(signal: AbortSignal): Promise<void> {
        while (!signal.aborted) {
          const { bavail, bsize } = await statfs(path)
          const batch = new BatchBuilder(256)
          batch.shareHeaders(
            channels.prepareHeaders(
              new Map([
                ['timestamp', String(clock.now())],
                ['path', path],
              ]),
            ),
          )
          batch.addBody(Buffer.from(`${bavail * bsize} bytes are free`))
          // This await is the back-pressure: it ends when the event is durable in every required channel.
          await channels.putPatiently(batch.finish(), { prepared: true, signal })
          context.reportState('')
          await clock.sleep(interval, signal)
        }
      }

      return {
        async start() {
          await statfs(path) // Rejects when there is no such path: the supervisor shows why and tries again.
          over = new AbortController()
          running = measure(over.signal).catch((error: unknown) => {
            if (!over.signal.aborted) context.reportFailure(error)
          })
        },
        async stop() {
          over.abort()
          await running
        },
      }
    },
  })
}
