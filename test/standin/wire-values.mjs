/**
 * Values between the page and main as text: what structured clone keeps and JSON does not is tagged. A plain function
 * that needs nothing around it, because its source runs in the page as well.
 */
export function wireValues() {
  const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  const bytesOf = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  const undo = {
    undefined: () => undefined,
    bigint: BigInt,
    date: (time) => new Date(time),
    map: (entries) => new Map(entries),
    set: (members) => new Set(members),
    bytes: bytesOf,
  }
  return {
    write: (value) =>
      JSON.stringify({ value }, function (key, given) {
        const raw = this[key]
        if (raw === undefined) return { $tag: 'undefined' }
        if (typeof raw === 'bigint') return { $tag: 'bigint', raw: String(raw) }
        if (raw instanceof Date) return { $tag: 'date', raw: raw.getTime() }
        if (raw instanceof Map) return { $tag: 'map', raw: [...raw] }
        if (raw instanceof Set) return { $tag: 'set', raw: [...raw] }
        if (raw instanceof Uint8Array) return { $tag: 'bytes', raw: base64(raw) }
        return given
      }),
    // Not by a reviver, which would leave a hole where undefined is meant.
    read: (text) => {
      const revive = (given) => {
        if (given === null || typeof given !== 'object') return given
        if (typeof given.$tag === 'string') return undo[given.$tag](revive(given.raw))
        if (Array.isArray(given)) return given.map(revive)
        return Object.fromEntries(Object.entries(given).map(([key, one]) => [key, revive(one)]))
      }
      return revive(JSON.parse(text)).value
    },
  }
}
