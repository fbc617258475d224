import { errorText } from '../errors.ts'
import type { ConfigFilter } from './config-filter.ts'
import type { ConfigEntry } from './entry.ts'
import type { Findings } from './findings.ts'
import { nearest } from './nearest.ts'

export interface SubstitutionSources {
  readonly entries: ReadonlyMap<string, ConfigEntry>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What `-D` set. */
  readonly properties: Readonly<Record<string, string | undefined>>
  readonly filters: ReadonlyMap<string, ConfigFilter>
}

/** Longer than any setting; keeps references to references from growing without end. */
const longest = 1024 * 1024
const deepest = 50

const filterReference = /^([^\s[\]]+)\[(?:'([-\w]+)'|"([-\w]+)"|([-\w]+))\]$/

/** The index of the `}` that closes the `${` before `from`; -1 when there is none. */
function closing(text: string, from: number): number {
  let depth = 1
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('${', at)) {
      depth++
      at++
    } else if (text[at] === '}' && --depth === 0) return at
  }
  return -1
}

/** Where the default of `name:-default` starts, outside of references in it; -1 when it has none. */
function defaultStart(text: string): number {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    if (text.startsWith('${', at)) depth++
    else if (text[at] === '}') depth--
    else if (depth === 0 && text.startsWith(':-', at)) return at
  }
  return -1
}

/**
 * Replaces references in values (flume.md §2.3 and §1.10): `${env:X}`, `${sys:x}`, `${key}` of another key or of the
 * environment, `${filter['key']}`, each with `:-default`, nested as one likes; `$${` is a `${` that is meant literally. A
 * key may be used before its line: references are followed, so that the order of lines does not matter.
 */
export class Substitution {
  readonly #sources: SubstitutionSources
  readonly #findings: Findings
  readonly #lenient: boolean
  readonly #done = new Map<string, string>()
  readonly #open = new Set<string>()

  constructor(sources: SubstitutionSources, findings: Findings, lenient: boolean) {
    this.#sources = sources
    this.#findings = findings
    this.#lenient = lenient
  }

  /** The entry with everything in its value replaced. What cannot be is an error, or stays as it is when lenient. */
  async entry(entry: ConfigEntry): Promise<ConfigEntry> {
    const value = await this.#valueOf(entry)
    if (value === entry.value) return entry
    if (entry.items === undefined) return { ...entry, value }
    const items: string[] = []
    for (const item of entry.items) items.push(await this.#text(item, entry, 0))
    return { ...entry, value, items }
  }

  async #valueOf(entry: ConfigEntry): Promise<string> {
    const done = this.#done.get(entry.key)
    if (done !== undefined) return done
    this.#open.add(entry.key)
    const value = (await this.#text(entry.value, entry, 0)).trim()
    this.#open.delete(entry.key)
    this.#done.set(entry.key, value)
    return value
  }

  async #text(text: string, entry: ConfigEntry, depth: number): Promise<string> {
    let result = ''
    let at = 0
    for (;;) {
      const start = text.indexOf('${', at)
      if (start < 0) return result + text.slice(at)
      if (text[start - 1] === '$' && start > at) {
        // `$${` stands for itself, without the first `$`; what it closes over is not looked at.
        const end = closing(text, start + 2)
        result += text.slice(at, start - 1) + text.slice(start, end < 0 ? text.length : end + 1)
        if (end < 0) return result
        at = end + 1
        continue
      }
      const end = closing(text, start + 2)
      if (end < 0) {
        this.#problem(entry, 'has a ${ that no } closes', 'close it, or write $${ for the two characters')
        return result + text.slice(at)
      }
      const reference = text.slice(start + 2, end)
      const value = depth < deepest ? await this.#reference(reference, entry, depth) : undefined
      if (depth >= deepest) this.#problem(entry, `has references nested more than ${deepest} deep`, '')
      result += text.slice(at, start) + (value ?? text.slice(start, end + 1))
      if (result.length > longest) {
        this.#findings.errorAt(entry, `grows beyond ${longest} characters by its references`, 'use fewer references')
        return result.slice(0, 100)
      }
      at = end + 1
    }
  }

  async #reference(reference: string, entry: ConfigEntry, depth: number): Promise<string | undefined> {
    const split = defaultStart(reference)
    const name = (await this.#text(split < 0 ? reference : reference.slice(0, split), entry, depth + 1)).trim()
    const found = await this.#lookUp(name, entry, split >= 0)
    if (found !== undefined) return found
    return split < 0 ? undefined : this.#text(reference.slice(split + 2), entry, depth + 1)
  }

  async #lookUp(name: string, entry: ConfigEntry, hasDefault: boolean): Promise<string | undefined> {
    const { entries, environment, properties } = this.#sources
    const filtered = filterReference.exec(name)
    if (filtered !== null) {
      const key = filtered[2] ?? filtered[3] ?? filtered[4] ?? ''
      return this.#filtered(filtered[1] ?? '', key, entry, hasDefault)
    }
    const missing = (message: string, hint: string) => {
      if (!hasDefault) this.#problem(entry, message, hint)
    }
    const [, prefix, rest = ''] = /^(\w+):(.*)$/s.exec(name) ?? []
    if (prefix === 'env') {
      const value = Object.hasOwn(environment, rest) ? environment[rest] : undefined
      if (value === undefined)
        missing(`the environment has no ${rest}`, `set ${rest}, or give a default: \${env:${rest}:-VALUE}`)
      return value
    }
    if (prefix === 'sys') {
      const value = Object.hasOwn(properties, rest) ? properties[rest] : undefined
      if (value === undefined)
        missing(`nothing sets ${rest}`, `start with -D${rest}=VALUE, or give a default: \${sys:${rest}:-VALUE}`)
      return value
    }
    if (prefix !== undefined) {
      missing(
        `\${${prefix}:…} is not known here`,
        'known are ${env:NAME}, ${sys:name}, ${another.key} and ${filter[key]}',
      )
      return undefined
    }
    const other = entries.get(name)
    if (other !== undefined) {
      if (!this.#open.has(name)) return this.#valueOf(other)
      this.#findings.errorAt(entry, `refers to itself by way of ${[...this.#open].join(', ')}`, 'break the circle')
      return `\${${name}}`
    }
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined
    if (value === undefined) {
      const near = nearest(name, entries.keys())
      missing(
        `\${${name}} is no key of the configuration and not in the environment`,
        `${near === undefined ? '' : `did you mean \${${near}}? `}Write $\${${name}} for the text itself`,
      )
    }
    return value
  }

  async #filtered(name: string, key: string, entry: ConfigEntry, hasDefault: boolean): Promise<string | undefined> {
    const filter = this.#sources.filters.get(name)
    if (filter === undefined) {
      const near = nearest(name, this.#sources.filters.keys())
      const hint = near === undefined ? 'name it in the list of configfilters' : `did you mean ${near}?`
      this.#problem(entry, `there is no config filter ${name}`, hint)
      return undefined
    }
    try {
      const value = await filter(key)
      if (value !== undefined) this.#findings.hide(value)
      else if (!hasDefault)
        this.#problem(entry, `config filter ${name} has no ${key}`, `give \${${name}['${key}']:-VALUE}`)
      return value
    } catch (error) {
      if (!hasDefault) this.#problem(entry, `config filter ${name}: ${errorText(error)}`, '')
      return undefined
    }
  }

  #problem(entry: ConfigEntry, message: string, hint: string): void {
    if (this.#lenient) this.#findings.warningAt(entry, `${message}; the text stays as it is`, hint)
    else this.#findings.errorAt(entry, message, hint)
  }
}
