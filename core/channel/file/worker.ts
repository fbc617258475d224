import { parentPort, workerData } from 'node:worker_threads'
import { ChannelWorker } from './channel-worker.ts'
import { failureOf } from './failure.ts'
import type { FromWorker, WorkerSettings } from './worker-messages.ts'

/** The entry of a channel's worker thread. */
if (parentPort !== null)
  try {
    new ChannelWorker(parentPort, workerData as WorkerSettings)
  } catch (error) {
    const message: FromWorker = { kind: 'open failed', failure: failureOf(error) }
    parentPort.postMessage(message)
    parentPort.close()
  }
