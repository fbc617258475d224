/** The thread in which backlogs are read: the agent's own thread has events to move. */
import { availableParallelism, setPriority } from 'node:os'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { errorText, isSluiceError } from '../errors.ts'
import type {
  BacklogJob,
  BacklogWorkerData,
  FromBacklogWorker,
  JobFailure,
  JobProgress,
  ToBacklogWorker,
} from './backlog-jobs.ts'
import { BacklogLook } from './backlog-look.ts'
import { type BacklogRow, backlogRow } from './backlog-row.ts'
import { searchBacklog } from './backlog-search.ts'
import { JobPace } from './job-pace.ts'

/** Milliseconds between two reports, and between two that have nothing found to tell: each makes a page draw itself. */
const reportEvery = 250
const quietEvery = 500
/** Hits in one report: a page shows no more at once. */
const mostHits = 500

function failureOf(error: unknown): JobFailure {
  if (isSluiceError(error)) return { code: error.code, message: error.message }
  return { code: 'SLUICE_INTERNAL', message: `the backlog cannot be read: ${errorText(error)}` }
}

function answerLooks(port: MessagePort, look: BacklogLook): void {
  const post = (message: FromBacklogWorker) => port.postMessage(message)
  const run = ({ look: name, params }: ToBacklogWorker): unknown => {
    switch (name) {
      case 'summary':
        return look.summary()
      case 'page':
        return look.page(params.start, params.limit, params.backward)
      case 'at':
        return look.at(params.position, params.limit)
      case 'event':
        return look.event(params.number, params.mostBytes)
      case 'counts':
        return look.counts(params.header, params.limit, params.mostBlocks)
    }
  }
  port.on('message', (message: ToBacklogWorker) => {
    void (async () => {
      try {
        post({ kind: 'answer', id: message.id, answer: await run(message) })
      } catch (error) {
        post({ kind: 'refused', id: message.id, failure: failureOf(error) })
      }
    })()
  })
}

/** The pace of this thread's job; `spent` holds the microseconds of all jobs, to which it adds its own. */
function ownPace(spent: BigInt64Array): JobPace {
  const never = new Int32Array(new SharedArrayBuffer(4))
  let added = 0
  return new JobPace({
    now: () => performance.now(),
    processTime: () => total(process.cpuUsage()),
    jobsTime: () => {
      const own = total(process.threadCpuUsage())
      const before = Atomics.add(spent, 0, BigInt(own - added))
      const all = Number(before) + own - added
      added = own
      return all
    },
    sleep: (milliseconds) => void Atomics.wait(never, 0, 0, milliseconds),
    processors: availableParallelism(),
  })
}

const total = ({ user, system }: { user: number; system: number }): number => user + system

async function work(
  port: MessagePort,
  look: BacklogLook,
  { pulse, spent }: BacklogWorkerData,
  job: BacklogJob,
): Promise<void> {
  // On Linux this is the priority of this thread alone: what is left of the processors, and no more.
  if (process.platform === 'linux') setPriority(0, 19)
  const step = (number: number) => {
    pulse[1] = number
    pulse[0] = (pulse[0] ?? 0) + 1
  }
  const progress = { events: 0, bytes: 0, damaged: 0, gone: 0, written: 0, writtenBytes: 0 }
  const { total: waiting } = look.waiting()
  let hits: BacklogRow[] = []
  let reportedAt = performance.now()
  const report = (over: Pick<JobProgress, 'done' | 'limited'>) => {
    const message: FromBacklogWorker = { kind: 'progress', progress: { hits, ...progress, total: waiting, ...over } }
    port.postMessage(message)
    hits = []
    reportedAt = performance.now()
  }
  const pace = ownPace(spent)
  const tick = (number: number) => {
    step(number)
    pace.step()
    const every = hits.length > 0 ? reportEvery : quietEvery
    if (hits.length >= mostHits || performance.now() - reportedAt >= every) report({ done: false, limited: false })
  }
  if (job.job === 'export') {
    const { file, format, query, start } = job
    // Only an export needs the serializers and what they load: a thread that shows rows is there sooner without.
    const { exportBacklog } = await import('./backlog-export.ts')
    await exportBacklog(look.reader, { file, format, query, start }, progress, tick)
    report({ done: true, limited: false })
    return
  }
  let count = 0
  for await (const found of searchBacklog(look.reader, job.query, job.start, job.backward, progress, tick)) {
    hits.push(backlogRow(found.number, found.at, found.event, Math.max(0, found.hit)))
    if (++count === job.limit) break
    if (hits.length >= mostHits) report({ done: false, limited: false })
  }
  report({ done: true, limited: count === job.limit })
}

if (parentPort !== null) {
  const port = parentPort
  const data = workerData as BacklogWorkerData
  const { store, job } = data
  try {
    const look = new BacklogLook(store)
    if (job === undefined) answerLooks(port, look)
    else {
      await work(port, look, data, job)
      await look.close()
    }
  } catch (error) {
    const message: FromBacklogWorker = { kind: 'failed', failure: failureOf(error) }
    port.postMessage(message)
    port.close()
  }
}
