/** Where links of the page may lead outside: opening an address can run a program, so it is a fixed list. */
const hosts = new Set(['flume.apache.org', 'github.com', 'nodejs.org', 'www.electronjs.org'])

/** The address to hand to the system's browser; undefined for one that is not to be opened. */
export function externalAddress(address: string): string | undefined {
  const url = URL.parse(address)
  if (url === null || url.protocol !== 'https:' || url.port !== '' || url.username !== '' || url.password !== '')
    return undefined
  return hosts.has(url.hostname) ? url.href : undefined
}
