import { stat } from 'node:fs/promises'
import type { ShownSecret, ShownSecrets } from '../renderer/connection/desktop-bridge.ts'
import type { SecretStore } from './secret-store.ts'
import { type SecretUse, secretUses } from './secret-uses.ts'

export interface SecretDeskOptions {
  readonly store: SecretStore
  /** The configuration of the workspace. */
  readonly flow: string
  readonly baseDirectory: string
  /** That of the app, which the agents have too. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What a page may see of the secrets: their names, where the configuration needs them, and what is wrong. No value. */
export class SecretDesk {
  readonly #options: SecretDeskOptions

  constructor(options: SecretDeskOptions) {
    this.#options = options
  }

  async shown(): Promise<ShownSecrets> {
    const { store, environment } = this.#options
    const uses = await this.#uses()
    const kept = new Set(store.names())
    const names = [...new Set([...kept, ...uses.map(({ name }) => name)])].sort()
    const given = (name: string, own: readonly SecretUse[]): ShownSecret['given'] => {
      if (kept.has(name) && store.isReadable(name)) return 'kept'
      if (Object.hasOwn(environment, name)) return 'environment'
      if (kept.has(name)) return 'unreadable'
      return own.every(({ optional }) => optional) ? 'optional' : 'missing'
    }
    const secrets = names.map((name) => {
      const own = uses.filter((use) => use.name === name)
      return {
        name,
        given: given(name, own),
        kept: kept.has(name),
        uses: own.map(({ key, line, optional }) => ({ key, line, optional })),
      }
    })
    return { secrets, flow: this.#options.flow, unsafe: await store.unsafe(), trouble: store.trouble }
  }

  async #uses(): Promise<SecretUse[]> {
    const { flow, baseDirectory } = this.#options
    try {
      await stat(flow)
    } catch {
      // Before the first start of the agents there is no flow, and so no use.
      return []
    }
    return await secretUses([{ path: flow }], baseDirectory)
  }
}
