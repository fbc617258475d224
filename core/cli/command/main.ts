import { keepCompiledCode } from '../../compile-cache.ts'
import { cacheHome } from './cache-home.ts'
import { processContext } from './context.ts'

// All else is loaded behind it: compiling (in the source tree, stripping types too) is a third of a start's time.
keepCompiledCode(cacheHome(processContext()))
await import('./run-process.ts')
