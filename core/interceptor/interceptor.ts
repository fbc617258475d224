import type { Batch } from '../event/batch.ts'
import type { Headers } from '../event/event.ts'

/** Changes or drops events between a source and its selector. */
export interface Interceptor {
  /**
   * Interceptors that only look at and set headers, alike for each event: the headers that `headers` become. Lets a
   * source with shared headers pay once a batch instead of once an event.
   */
  interceptHeaders?(headers: Headers): Headers
  /**
   * The batch as it goes on; the same object when nothing changes, fewer events when some are dropped. `batch.keeping` drops
   * and says which are left, so that a Sluice sender's repeats of them are known; otherwise those are stored again.
   */
  intercept(batch: Batch): Batch
}
