import type { ModuleNotice } from './module-notice.ts'

/** Notices as a text, one for each module, by name: modules on the same terms in the same words stand over them together. */
export function noticesText(notices: readonly ModuleNotice[]): string {
  const together = Map.groupBy(byName(notices), ({ license, text }) => `${license}\n${text}`)
  const parts = [...together.values()].map((same) => {
    const [{ license, text }] = same as [ModuleNotice]
    const names = same.map(({ name, version }) => `${name} ${version}`)
    return `${'='.repeat(80)}\n${names.join('\n')}\n(${license})\n${'-'.repeat(80)}\n\n${text}\n`
  })
  const head =
    'Sluice is under the Apache License 2.0. It is made with these modules of others, which are in its files or beside\n' +
    'them, each under its own terms:\n'
  return [head, ...parts].join('\n')
}

/** In an order that is the same on every machine. */
export function byName(notices: readonly ModuleNotice[]): readonly ModuleNotice[] {
  const key = ({ name, version }: ModuleNotice) => `${name} ${version}`
  return [...notices].sort((one, other) => (key(one) < key(other) ? -1 : 1))
}
