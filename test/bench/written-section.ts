import { readFileSync, writeFileSync } from 'node:fs'

const marker = (name: string, edge: 'begin' | 'end') => `<!-- ${edge} ${name} -->`

/** Puts `text` between the markers of `name` in the markdown file at `path`; makes them at its end when there are none. */
export function writeSection(path: string, name: string, text: string): void {
  const [begin, end] = [marker(name, 'begin'), marker(name, 'end')]
  const whole = readFileSync(path, 'utf8')
  const section = `${begin}\n\n${text.trim()}\n\n${end}`
  const [from, to] = [whole.indexOf(begin), whole.indexOf(end)]
  writeFileSync(
    path,
    from >= 0 && to > from
      ? whole.slice(0, from) + section + whole.slice(to + end.length)
      : `${whole.trimEnd()}\n\n${section}\n`,
  )
}
