/** Preloaded into a process (`--import`): weakens what Node itself loads there, as `SLUICE_WEAKNESS` says. */
import { registerHooks } from 'node:module'
import { chosenWeakness, weaken } from './weaknesses.ts'

const weakness = chosenWeakness()

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    if (!url.endsWith(weakness.module)) return loaded
    const { source: raw } = loaded
    const source = typeof raw === 'string' ? raw : new TextDecoder().decode(raw ?? undefined)
    return { ...loaded, source: weaken(source, weakness) }
  },
})
