/** What stands for a secret. */
export const maskText = '***'

/** Names of keys whose values nobody should see, whatever component they belong to. */
const secretKey = /(?:password|passphrase|secret|token|credential)s?$/i

export function isSecretKey(key: string): boolean {
  return secretKey.test(key)
}

const secretLine =
  /^(\s*(?:["'])?[\w.-]*?(?:password|passphrase|secret|token|credential)s?(?:["'])?\s*([=: ])\s*)(.*)$/i

const goesOn = (line: string) => (/\\*$/.exec(line)?.[0].length ?? 0) % 2 === 1
const indentOf = (line: string) => /^\s*/.exec(line)?.[0] ?? ''

/**
 * The lines of a configuration file with the values of secrets masked, whatever else is wrong with the file; a reference
 * stays. A value may go on in the lines below: in `.properties` behind a backslash, in YAML where they are further in.
 */
export function maskedLines(lines: readonly string[], isYaml: boolean): string[] {
  let behindBackslash = false
  /** How far in the key of the value is that may still go on. */
  let furtherThan: number | undefined
  return lines.map((line) => {
    const indent = indentOf(line)
    if (furtherThan !== undefined && line.trim() !== '' && indent.length <= furtherThan) furtherThan = undefined
    if (behindBackslash || furtherThan !== undefined) {
      behindBackslash &&= goesOn(line)
      return line.trim() === '' ? line : `${indent}${maskText}`
    }
    const [, start, sign, value] = secretLine.exec(line) ?? []
    if (start === undefined || value === undefined) return line
    if (isYaml && sign === ':') furtherThan = indent.length
    else if (!isYaml) behindBackslash = goesOn(line)
    // `${filter[…]}` names where the secret is, and is none.
    if (value === '' || /^["']?\$\{[^}]*\}["']?$/.test(value)) return line
    return `${start}${maskText}`
  })
}
