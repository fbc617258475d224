/** Chromium knows no scheme of ours: it is shown `scheme://host/path` as `https://host.scheme.invalid/path`. */
const handlers = new Map()
/** As registered before the app was ready. */
export const privileged = []

export const protocol = {
  registerSchemesAsPrivileged: (schemes) => void privileged.push(...schemes),
  handle: (scheme, handler) => void handlers.set(scheme, handler),
  unhandle: (scheme) => void handlers.delete(scheme),
  isProtocolHandled: (scheme) => handlers.has(scheme),
}

export const schemes = () => [...handlers.keys()]

export function toChromium(address) {
  const [, scheme, rest] = /^([a-z]+):\/\/(.*)$/.exec(address) ?? []
  if (!handlers.has(scheme)) return address
  const [, host, path] = /^([^/]*)(.*)$/.exec(rest)
  return `https://${host}.${scheme}.invalid${path}`
}

export const fromChromium = (address) =>
  address.replace(/^https:\/\/([^/]+)\.([^./]+)\.invalid/, (all, host, scheme) =>
    handlers.has(scheme) ? `${scheme}://${host}` : all,
  )

/** What the app's handler answers to a request of Chromium's. */
export async function answer({ url, method, headers }) {
  const address = fromChromium(url)
  const request = new Request(address, { method, headers })
  const response = await handlers.get(new URL(address).protocol.slice(0, -1))(request)
  return {
    responseCode: response.status,
    responseHeaders: [...response.headers].map(([name, value]) => ({ name, value })),
    body: Buffer.from(await response.arrayBuffer()).toString('base64'),
  }
}
