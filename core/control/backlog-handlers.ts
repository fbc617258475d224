import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import type { Agent } from '../agent/agent.ts'
import type { BacklogDesk } from '../backlog/backlog-desk.ts'
import { exportName, isExportName, listExports, prepareExports } from '../backlog/backlog-export.ts'
import { compileQuery } from '../backlog/backlog-query.ts'
import type { Clock } from '../clock.ts'
import { SluiceError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { backlogCalls, backlogSubscriptions } from './backlog-calls.ts'
import type { BacklogStores } from './backlog-stores.ts'

type Params<Name extends keyof typeof backlogCalls> = z.output<(typeof backlogCalls)[Name]['params']>
type StreamParams<Name extends keyof typeof backlogSubscriptions> = z.output<
  (typeof backlogSubscriptions)[Name]['params']
>

/** Bytes of one body that travel to whoever looks at it. */
const mostBody = 1024 * 1024
/** Blocks that are counted one by one: some seconds of work at most. */
const mostCounted = 2_000

/** Starts a stream and returns what ends it. */
export type Stream<Name extends keyof typeof backlogSubscriptions> = (
  params: StreamParams<Name>,
  listener: (message: unknown) => void,
  ended: (error: unknown) => void,
) => Promise<() => void>

/** Where exports of an agent lie. */
export const exportsFolder = (dataDirectory: string) => join(dataDirectory, 'exports')

/** Answers what is asked about the events that wait. */
export function backlogHandlers(agent: Agent, desk: BacklogDesk, stores: BacklogStores, log: Log) {
  const folder = exportsFolder(agent.dataDirectory)
  return {
    backlogSummary: async ({ channel }: Params<'backlogSummary'>) => {
      const { oldestAt, newestAt, ...rest } = await desk.look(await stores.of(channel), 'summary', undefined)
      return { ...rest, oldestAt: oldestAt ?? null, newestAt: newestAt ?? null }
    },
    backlogPage: async ({ channel, from, backward, limit }: Params<'backlogPage'>) =>
      desk.look(await stores.of(channel), 'page', { start: from, backward, limit }),
    backlogAt: async ({ channel, position, limit }: Params<'backlogAt'>) =>
      desk.look(await stores.of(channel), 'at', { position, limit }),
    backlogEvent: async ({ channel, number }: Params<'backlogEvent'>) => {
      const event = await desk.look(await stores.of(channel), 'event', { number, mostBytes: mostBody })
      // What crosses from a thread is a plain array of bytes.
      return { ...event, body: Buffer.from(event.body).toString('base64') }
    },
    backlogCounts: async ({ channel, header, limit }: Params<'backlogCounts'>) =>
      desk.look(await stores.of(channel), 'counts', { header, limit, mostBlocks: mostCounted }),
    openFolder: async ({ path, keyFile }: Params<'openFolder'>) => {
      const opened = await stores.folders.open(path, keyFile)
      log.info({ folder: opened.path }, `the channel folder ${opened.path} was opened to look at`)
      return opened
    },
    openedFolders: () => stores.folders.list(),
    openedFolder: ({ folder: id }: Params<'openedFolder'>) => stores.folders.folder(id),
    closeFolder: ({ folder: id }: Params<'closeFolder'>) => {
      stores.folders.close(id)
      return {}
    },
    exports: () => listExports(folder),
    removeExport: async ({ file }: Params<'removeExport'>) => {
      if (!isExportName(file)) throw new SluiceError('SLUICE_CONTROL', `${file} is no export`)
      await rm(join(folder, file), { force: true })
      return {}
    },
  }
}

/** Searches and exports, each in a thread of its own. */
export function backlogStreams(agent: Agent, desk: BacklogDesk, stores: BacklogStores, clock: Clock) {
  const search: Stream<'backlogSearch'> = async (params, listener, ended) => {
    const { channel, query, from, backward, limit } = params
    compileQuery(query)
    const job = { job: 'search', query, start: from, backward, limit } as const
    return desk.start(await stores.of(channel), job, listener, ended)
  }
  const exporting: Stream<'backlogExport'> = async ({ channel, query, from, format }, listener, ended) => {
    compileQuery(query)
    const store = await stores.of(channel)
    const folder = exportsFolder(agent.dataDirectory)
    await prepareExports(folder)
    const name = exportName(await stores.nameOf(channel), format, clock.now())
    const file = join(folder, name)
    const job = { job: 'export', query, start: from, format, file } as const
    const remove = () => void rm(`${file}.part`, { force: true })
    const end = desk.start(
      store,
      job,
      (progress) => listener({ ...progress, file: progress.done ? name : null }),
      (error) => {
        // A thread that was ended could not tidy up after itself.
        if (error !== undefined) remove()
        ended(error)
      },
    )
    return () => {
      end()
      remove()
    }
  }
  return { backlogSearch: search, backlogExport: exporting }
}
