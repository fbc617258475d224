import type { ShownSecret } from '../../connection/desktop-bridge.ts'
import type { Tone } from '../../parts/state-tone.ts'

interface Look {
  readonly tone: Tone
  readonly sign: string
  readonly text: string
}

/** How a secret stands, for the eye and in words. */
export const secretLooks: Readonly<Record<ShownSecret['given'], Look>> = {
  kept: { tone: 'good', sign: '●', text: 'kept in the keychain' },
  environment: { tone: 'calm', sign: '○', text: 'from the environment of the app' },
  optional: { tone: 'calm', sign: '○', text: 'not given; its default is used' },
  missing: { tone: 'bad', sign: '✕', text: 'missing: what uses it cannot start' },
  unreadable: { tone: 'bad', sign: '✕', text: 'cannot be read any more: give it again' },
}

/** What happens to the flow when a secret is removed, in a sentence or two. */
export function removalWarning({ name, uses }: Pick<ShownSecret, 'name' | 'uses'>): string {
  if (uses.length === 0) return `Nothing in the configuration uses ${name}. It cannot be brought back.`
  const needing = uses.filter(({ optional }) => !optional)
  const keys = (needing.length > 0 ? needing : uses).map(({ key }) => key).join(', ')
  return needing.length > 0
    ? `${keys} needs ${name}. What runs goes on with it until the next start or change; then the configuration is refused. It cannot be brought back.`
    : `${keys} falls back on its default without ${name}. It cannot be brought back.`
}

/** What is wrong with a name; empty: nothing. The desktop has the last word. */
export function nameProblem(name: string): string {
  if (name === '') return ''
  return /^[A-Z][A-Z0-9_]{0,99}$/.test(name) ? '' : 'Capital letters, digits and _, as in UPSTREAM_PASSWORD.'
}

/** The secret that a finding of a configuration says is missing. */
export function missingSecret(message: string): string | undefined {
  const [, plain, prefixed] =
    /^\$\{([A-Z][A-Z0-9_]*)\} is no key of the configuration|^the environment has no ([A-Z][A-Z0-9_]*)/.exec(message) ??
    []
  return plain ?? prefixed
}
