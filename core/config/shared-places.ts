import path from 'node:path'
import { type CheckContext, type CheckedComponent, settingOf } from './check-component.ts'

/** Sources that receive datagrams: a UDP port and a TCP port of one number are two. */
const datagramTypes: readonly string[] = ['netcatudp']

const textOf = (checked: CheckedComponent, key: string): string | undefined => {
  const value = settingOf(checked, (one) => one === key)?.value
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

interface ListeningPlace {
  readonly source: CheckedComponent
  readonly transport: 'tcp' | 'udp'
  readonly host: string
  readonly port: string
}

/** Where a source listens: undefined for one that does not, and for port 0, which is another one each time. */
function listeningPlace(source: CheckedComponent): ListeningPlace | undefined {
  const host = textOf(source, 'bind')
  const port = textOf(source, 'port')
  if (host === undefined || port === undefined || port === '0') return undefined
  const transport = datagramTypes.includes(source.config.type) ? 'udp' : 'tcp'
  return { source, transport, host: host === 'localhost' ? '127.0.0.1' : host, port }
}

const isEveryAddress = (host: string) => host === '0.0.0.0' || host === '::'

const overlap = (one: ListeningPlace, other: ListeningPlace) =>
  one.transport === other.transport &&
  one.port === other.port &&
  (one.host === other.host || isEveryAddress(one.host) || isEveryAddress(other.host))

function reporter({ findings, lenient }: CheckContext & { readonly lenient: boolean }) {
  return lenient ? findings.warningAt.bind(findings) : findings.errorAt.bind(findings)
}

/** Two sources of one agent cannot take the same port: the second would try for ever. */
export function checkPorts(
  sources: readonly CheckedComponent[],
  context: CheckContext & { readonly lenient: boolean },
): void {
  const taken: ListeningPlace[] = []
  for (const source of sources) {
    const place = listeningPlace(source)
    if (place === undefined) continue
    const other = taken.find((one) => overlap(one, place))
    const entry = source.section.entries.get('port')
    if (other !== undefined && entry !== undefined)
      reporter(context)(entry, `${other.source.section.label} takes port ${place.port} already`, 'give another port')
    taken.push(place)
  }
}

/** Two channels of one agent cannot keep their events in the same folder: the second would not open. */
export function checkFolders(
  channels: readonly CheckedComponent[],
  context: CheckContext & { readonly lenient: boolean },
): void {
  const taken = new Map<string, CheckedComponent>()
  for (const channel of channels) {
    const entry = channel.section.entries.get('dataDirs')
    const first = textOf(channel, 'dataDirs')?.split(',')[0]?.trim()
    if (entry === undefined || !first) continue
    const folder = path.resolve(context.baseDirectory, first)
    const other = taken.get(folder)
    if (other !== undefined)
      reporter(context)(entry, `${other.section.label} has the folder ${folder} already`, 'give each its own folder')
    else taken.set(folder, channel)
  }
}
