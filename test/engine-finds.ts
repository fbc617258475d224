import { createContext, Script } from 'node:vm'
import { systemCode } from '../core/errors.ts'

/** What a random expression may cost: most cost nothing, and some an hour. Milliseconds. */
const patience = 250

const world = createContext({ source: '', flags: '', texts: [] as string[] })
const inEngine = new Script('{ const engine = new RegExp(source, flags); texts.map((text) => engine.test(text)) }')

/** In which texts the engine finds the expression; undefined for one that it would take long over. */
export function engineFinds(source: string, flags: string, texts: readonly string[]): boolean[] | undefined {
  Object.assign(world, { source, flags, texts })
  try {
    return [...(inEngine.runInContext(world, { timeout: patience }) as boolean[])]
  } catch (error) {
    if (systemCode(error) === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined
    throw error
  }
}
