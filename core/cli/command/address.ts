import { SluiceError } from '../../errors.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

/** A port from 0 to 65535; `what` names the argument in the error. */
export function parsePort(text: string, what: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (port <= 65535) return port
  throw new SluiceError('SLUICE_USAGE', `${what}: "${text}" is no port: give a number from 0 to 65535`)
}

/** `host:port` or `[2001:db8::1]:port`, where the port must be given and not 0. */
export function parseAddress(text: string, what: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s]+)):([^:]*)$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  if (match === null || host === undefined)
    throw new SluiceError(
      'SLUICE_USAGE',
      `${what}: "${text}" is no address: give HOST:PORT, as in collector.example.org:4141 or [2001:db8::1]:4141`,
    )
  const port = parsePort(match[3] ?? '', what)
  if (port === 0) throw new SluiceError('SLUICE_USAGE', `${what}: port 0 cannot be reached: give one from 1 to 65535`)
  return { host, port }
}

/** As people write it: `host:port`, an IPv6 address in brackets. */
export const addressText = ({ host, port }: Address) => `${host.includes(':') ? `[${host}]` : host}:${port}`

export const listenTypes = ['netcat', 'netcatudp', 'http', 'avro'] as const
export type ListenType = (typeof listenTypes)[number]

export interface Listen extends Address {
  readonly type: ListenType
}

/** `TYPE:PORT` or `TYPE:HOST:PORT`; without a host only this machine can connect. */
export function parseListen(text: string): Listen {
  const colon = text.indexOf(':')
  const type = listenTypes.find((one) => one === text.slice(0, colon).toLowerCase())
  if (type === undefined)
    throw new SluiceError(
      'SLUICE_USAGE',
      `--listen: "${text}" names no kind of port: give ${listenTypes.map((one) => `${one}:PORT`).join(', ')}`,
    )
  const rest = text.slice(colon + 1)
  if (!rest.includes(':')) return { type, host: '127.0.0.1', port: parsePort(rest, '--listen') }
  return { type, ...parseAddress(rest, '--listen') }
}
