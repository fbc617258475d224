/** What stands for a secret. */
export const maskText = '***'

/** Names of keys whose values nobody should see, whatever component they belong to. */
const secretKey = /(?:password|passphrase|secret|token|credential)s?$/i

export function isSecretKey(key: string): boolean {
  return secretKey.test(key)
}

const line = /^(\s*(?:["'])?[\w.-]*?(?:password|passphrase|secret|token|credential)s?(?:["'])?\s*[=: ]\s*)(\S.*)$/i

/** A line of a configuration file with its value masked where its key is that of a secret; a reference stays. */
export function maskedLine(text: string): string {
  const [, start, value] = line.exec(text) ?? []
  // `${filter[…]}` names where the secret is, and is none.
  if (start === undefined || value === undefined || /^["']?\$\{[^}]*\}["']?$/.test(value)) return text
  return `${start}${maskText}`
}
