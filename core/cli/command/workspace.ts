import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorText, SluiceError, systemCode } from '../../errors.ts'
import { freePort } from './free-port.ts'
import { propertiesText } from '../../config/properties-text.ts'
import { collectFlow, relayFlow } from './tier-flow.ts'
import { makeFolder } from './make-folder.ts'

export const starterAgents = { edge: 'edge', collector: 'collector' } as const

/** Where things are in a workspace. `flow` is the user's own file; everything else can be derived from it. */
export interface Workspace {
  readonly directory: string
  readonly flow: string
  /** Agents keep their channels, positions and control sockets in a folder each below this one. */
  readonly data: string
  /** True when this call made it. */
  readonly fresh: boolean
}

/** The flow of the workspace in a folder, whether it is there yet or not. */
export const workspaceFlow = (directory: string) => join(directory, 'flow.properties')

const localHost = '127.0.0.1'

/** Two tiers on one machine, to start from: an inbox folder and a port, a durable channel, Avro, a collector, files. */
function starterFlow(inbox: string, collected: string, ports: { netcat: number; avro: number }): string {
  return propertiesText([
    {
      comment: `The flow of this workspace, in Flume's own format. Change it while it runs: what changed is applied
and nothing else is touched; a mistake is reported and the flow runs on as it was. To look for
mistakes first: sluice check -n edge -f THIS-FILE

First tier: what is written to the inbox folder, or typed into the port, waits in a durable channel
until the second tier has acknowledged it.
`,
    },
    ...relayFlow({
      agent: starterAgents.edge,
      watches: [{ path: inbox, folder: true }],
      listens: [{ type: 'netcat', host: localHost, port: ports.netcat }],
      to: { host: localHost, port: ports.avro },
    }),
    '',
    {
      comment: `
Second tier: usually on another machine, where this part of the file is all it needs. Here it runs
in the same process. It answers only when what arrived is on its own disk.
`,
    },
    ...collectFlow({
      agent: starterAgents.collector,
      listen: { host: localHost, port: ports.avro },
      out: collected,
      rollSeconds: 60,
    }),
  ])
}

/** Writes a file whole or not at all: a half-written flow must never be found after a power cut. */
async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}

/** Opens the workspace in `directory` (absolute), or makes one with a flow that can be tried at once. */
export async function openWorkspace(directory: string): Promise<Workspace> {
  const flow = workspaceFlow(directory)
  const data = join(directory, 'data')
  try {
    await makeFolder(data)
    try {
      await readFile(flow)
      return { directory, flow, data, fresh: false }
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
    }
    const inbox = join(directory, 'inbox')
    const collected = join(directory, 'collected')
    await makeFolder(inbox)
    await makeFolder(collected)
    await rm(`${flow}.new`, { force: true })
    const avro = await freePort(localHost, 4141)
    const netcat = await freePort(localHost, 4444, [avro])
    await writeWhole(flow, starterFlow(inbox, collected, { netcat, avro }))
    return { directory, flow, data, fresh: true }
  } catch (error) {
    if (error instanceof SluiceError) throw error
    throw new SluiceError(
      'SLUICE_FILE',
      `the workspace ${directory} cannot be used: ${errorText(error)}. Give a folder that you may write to: --workspace DIR`,
      { cause: error },
    )
  }
}
