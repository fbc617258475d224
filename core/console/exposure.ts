import { BlockList, isIPv6 } from 'node:net'
import { SluiceError } from '../errors.ts'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

export function isLoopback(host: string): boolean {
  return host === 'localhost' || loopback.check(host, isIPv6(host) ? 'ipv6' : 'ipv4')
}

/** Every address of the machine: where one can listen, and where nobody can be reached. */
export const isWildcard = (host: string) => host === '0.0.0.0' || /^[0:]+$/.test(host)

/** Throws `SLUICE_USAGE` when other machines could reach a console that is not made for that. */
export function checkExposure(
  host: string,
  port: number,
  has: { readonly tls: boolean; readonly token: boolean },
): void {
  if (isLoopback(host) || (has.tls && has.token)) return
  const missing = [
    ...(has.tls ? [] : ['TLS (--console-cert FILE and --console-key FILE)']),
    ...(has.token ? [] : ['a token of your own (--console-token-file FILE)']),
  ]
  throw new SluiceError(
    'SLUICE_USAGE',
    `--console ${host}: other machines could reach the console there, which needs ${missing.join(' and ')}. Or keep it on ` +
      `this machine (--console 127.0.0.1:${port || 4180}) and come in with ssh -L ${port || 4180}:127.0.0.1:${port || 4180}`,
  )
}
