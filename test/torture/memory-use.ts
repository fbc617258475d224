import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let collect: (() => void) | undefined

/** Collects garbage, so that what is measured afterwards is held by something. */
export async function collectGarbage(): Promise<void> {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  // Twice with a turn between: what a first collection finalizes lets go of more.
  for (let round = 0; round < 2; round++) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

export interface MemoryUse {
  /** Bytes of the whole process. */
  readonly rss: number
  /** Bytes of live objects and of the buffers that they hold. */
  readonly held: number
}

/** After a collection of garbage. */
export async function memoryUse(): Promise<MemoryUse> {
  await collectGarbage()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, held: heapUsed + external }
}
