/**
 * Writes Flume's `.properties` (flume.md §2.1): what `relay`, `collect` and the first start generate, so that a user
 * can read it, change it, and run it with `sluice agent`.
 */
export type PropertyLine = readonly [key: string, value: string | number | boolean] | { readonly comment: string } | ''

const unicode = (text: string) =>
  text.replace(/[^\t\u0020-\u007e]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)

// The first blank of a value would be taken for the separator's; the last would be trimmed anyway.
const escapedValue = (value: string) =>
  unicode(value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replace(/^ /, '\\ '))

const escapedKey = (key: string) => unicode(key.replace(/[\\ :=#!\t]/g, '\\$&'))

/** One line without its end. References such as `${env:HOME}` stay references. */
export function propertyLine(key: string, value: string): string {
  return `${escapedKey(key)} = ${escapedValue(value)}`
}

/** Values are meant as they are: `$${` is how a `${` that is no reference is written. */
export function propertiesText(lines: readonly PropertyLine[]): string {
  return lines
    .map((line) => {
      if (line === '') return '\n'
      if ('comment' in line) return `${line.comment.replace(/^/gm, '# ').replace(/ +$/gm, '')}\n`
      return `${propertyLine(
        line[0],
        String(line[1]).replaceAll('${', () => '$${'),
      )}\n`
    })
    .join('')
}
