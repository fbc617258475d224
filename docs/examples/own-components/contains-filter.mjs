// Plain JavaScript, without a single import: lets pass only the events whose body contains a text.

/** @param {import('../../../core/component/toolkit.ts').Toolkit} toolkit */
export const definition = ({ defineInterceptor, z, text, BatchBuilder }) =>
  defineInterceptor({
    type: 'contains',
    aliases: [],
    summary: 'Lets pass only the events whose body contains a text.',
    settings: z.object({ contains: text().describe('What a body must contain.') }),
    create({ contains }) {
      const wanted = Buffer.from(contains)
      return {
        intercept(batch) {
          const kept = new BatchBuilder(Math.max(64, batch.bytes.length))
          const offsets = batch.offsets()
          for (let index = 0; index < batch.count; index++)
            if (batch.event(index).body.includes(wanted))
              kept.addEncoded(batch.bytes, offsets[index], offsets[index + 1])
          return kept.count === batch.count ? batch : kept.finish()
        },
      }
    },
  })
