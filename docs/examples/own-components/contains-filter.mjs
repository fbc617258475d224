// Plain JavaScript, without a single import: lets pass only the events whose body contains a text.

/** @param {import('../../../core/component/toolkit.ts').Toolkit} toolkit */
export const definition = ({ defineInterceptor, z, text }) =>
  defineInterceptor({
    type: 'contains',
    aliases: [],
    summary: 'Lets pass only the events whose body contains a text.',
    settings: z.object({ contains: text().describe('What a body must contain.') }),
    create({ contains }) {
      const wanted = Buffer.from(contains)
      return {
        intercept(batch) {
          /** @type {[from: number, to: number][]} */
          const kept = []
          for (let index = 0; index < batch.count; index++) {
            if (!batch.event(index).body.includes(wanted)) continue
            const last = kept.at(-1)
            if (last !== undefined && last[1] === index) last[1]++
            else kept.push([index, index + 1])
          }
          return batch.keeping(kept)
        },
      }
    },
  })
