import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { getProperties } from 'properties-file'
import { starterAgents, type Workspace } from './workspace.ts'

const quoted = (path: string) => (/^[\w./:\\-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`)

/** What to try with a workspace, with its real paths and ports; each part only when the flow still has it. */
export async function suggestions(workspace: Workspace): Promise<string> {
  const flow = getProperties(await readFile(workspace.flow, 'utf8')) as Record<string, string | undefined>
  const { edge, collector } = starterAgents
  const group = flow[`${edge}.sources.files.filegroups.g1`]
  const inbox = group?.endsWith('/.*') ? group.slice(0, -3) : undefined
  const port = flow[`${edge}.sources.netcat1.port`]
  const out = flow[`${collector}.sinks.lines.sink.directory`]
  const ctl = (words: string, agent: string) =>
    `npm run sluice -- ctl ${words} --data-dir ${quoted(join(workspace.data, agent))}`
  const lines = [
    '',
    workspace.fresh
      ? `This is your workspace: ${workspace.directory}`
      : `The workspace ${workspace.directory} is open.`,
    `Its flow is in ${workspace.flow}: change it while it runs.`,
    '',
  ]
  if (inbox !== undefined || port !== undefined) lines.push('Try, in another terminal:')
  if (inbox !== undefined) lines.push(`  echo hello >> ${quoted(join(inbox, 'hello.log'))}`)
  if (port !== undefined) lines.push(`  nc 127.0.0.1 ${port}        and type, a line for each event`)
  if (out !== undefined) lines.push('and see it come out of the second tier:', `  tail -n +1 -F ${quoted(out)}/*`)
  lines.push(
    '',
    'What happens when the collector is away? Stop it, write some more, look, and let it go on:',
    `  ${ctl('pause arrivals', collector)}`,
    `  ${ctl('status', edge)}`,
    `  ${ctl('resume arrivals', collector)}`,
    'Meanwhile everything waits on disk in the first tier, and then comes out once and in order.',
    '',
    'Ctrl-C stops it all; nothing is lost by that, nor by kill -9.',
    '',
  )
  return lines.join('\n')
}
