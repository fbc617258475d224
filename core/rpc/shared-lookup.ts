import { lookup, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'

type LookupAll = (
  host: string,
  options: { readonly all: true; readonly family?: number | 'IPv4' | 'IPv6'; readonly hints?: number },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/**
 * The system's look-up, once at a time for each name. It has two threads of the process, and where name servers are
 * silent it holds one for ten seconds and longer, whether anybody still waits or not: the retries of a few connections
 * to one such name would keep every other name waiting. What one look-up finds goes to all who asked meanwhile.
 */
export function sharedLookup(system: LookupAll = lookup): LookupFunction {
  type Asking = Parameters<LookupFunction>[2]
  const underWay = new Map<string, { all: boolean; callback: Asking }[]>()
  return (host, options, callback) => {
    const { family, hints } = options
    const key = `${host} ${family ?? 0} ${hints ?? 0}`
    const asking = { all: options.all === true, callback }
    const others = underWay.get(key)
    if (others !== undefined) {
      others.push(asking)
      return
    }
    const all = [asking]
    underWay.set(key, all)
    const wanted = {
      all: true as const,
      ...(family !== undefined && { family }),
      ...(hints !== undefined && { hints }),
    }
    system(host, wanted, (error, addresses) => {
      underWay.delete(key)
      for (const one of all) {
        if (error !== null) one.callback(error, [])
        else if (one.all) one.callback(null, addresses)
        else one.callback(null, addresses[0]?.address ?? '', addresses[0]?.family)
      }
    })
  }
}
