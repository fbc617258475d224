/** Who may connect: Flume's ipFilterRules (flume.md §3.1.8). */
import { reverse } from 'node:dns/promises'
import { SluiceError } from '../errors.ts'
import { type TextPattern, textPattern } from '../pattern/text-pattern.ts'

/** Characters of a host name. */
const longestName = 253

interface Rule {
  readonly allow: boolean
  readonly by: 'ip' | 'name'
  readonly pattern: TextPattern
  readonly localhost: boolean
}

/** Names of an address; none when nobody knows any. */
export type ReverseLookup = (address: string) => Promise<readonly string[]>

const systemLookup: ReverseLookup = (address) => reverse(address).catch(() => [])

/**
 * A test of peer addresses from rules such as `allow:ip:127.*,allow:name:*.example.org,deny:ip:*`: the first rule that
 * matches decides, and who matches none is let in. Throws `SLUICE_CONFIG` for a rule that is none.
 */
export function ipFilter(rules: string, lookup: ReverseLookup = systemLookup): (address: string) => Promise<boolean> {
  const parsed = parseIpFilterRules(rules)
  return async (address) => {
    let names: readonly string[] | undefined
    for (const { allow, by, pattern, localhost } of parsed) {
      if (by === 'ip') {
        if (pattern.test(address)) return allow
        continue
      }
      if (localhost && /^127\.|^::1$/.test(address)) return allow
      names ??= await lookup(address)
      if (names.some((name) => pattern.test(name))) return allow
    }
    return true
  }
}

export function parseIpFilterRules(rules: string): readonly Rule[] {
  return rules.split(',').map((text): Rule => {
    const rule = /^\s*(allow|deny):(ip|name):(\S+)\s*$/.exec(text)
    if (rule === null)
      throw new SluiceError(
        'SLUICE_CONFIG',
        `ipFilterRules: "${text.trim()}" is no rule; give allow or deny, ip or name, and a pattern: allow:ip:10.0.*`,
      )
    const [, verdict, by, pattern = ''] = rule
    const expression = pattern.replace(/[^*?]/g, (character) => character.replace(/[\\^$.|+()[\]{}]/, '\\$&'))
    return {
      allow: verdict === 'allow',
      by: by === 'ip' ? 'ip' : 'name',
      pattern: textPattern(`^${expression.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i', longestName),
      localhost: pattern === 'localhost',
    }
  })
}
