import { keepCompiledCode } from '../../compile-cache.ts'
import { errorText, systemCode } from '../../errors.ts'
import { cacheHome } from './cache-home.ts'
import { processContext } from './context.ts'

// All else is loaded behind it: compiling (in the source tree, stripping types too) is a third of a start's time.
keepCompiledCode(cacheHome(processContext()))
try {
  await import('./run-process.ts')
} catch (error) {
  if (systemCode(error) !== 'ERR_MODULE_NOT_FOUND') throw error
  const [what = ''] = errorText(error).split('\n')
  process.stderr.write(
    `sluice: a part of it is not installed: ${what}; install it again, or, in a folder with the source, run "npm ci" ` +
      '[SLUICE_INSTALLATION]\n',
  )
  process.exit(1)
}
