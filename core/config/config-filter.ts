import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { errorText } from '../errors.ts'

/** Looks a key up where secrets are kept; undefined when there is no such key (flume.md §1.10). */
export type ConfigFilter = (key: string) => Promise<string | undefined>

export const configFilterTypes = ['env', 'external'] as const
export type ConfigFilterType = (typeof configFilterTypes)[number]

const classNames: Readonly<Record<string, ConfigFilterType>> = {
  'org.apache.flume.configfilter.environmentvariableconfigfilter': 'env',
  'org.apache.flume.configfilter.externalprocessconfigfilter': 'external',
}

/** The filter's type by its short name or Flume's class name, in any case. */
export function configFilterType(name: string): ConfigFilterType | undefined {
  const wanted = name.toLowerCase()
  return configFilterTypes.find((type) => type === wanted) ?? classNames[wanted]
}

export function environmentFilter(environment: Readonly<Record<string, string | undefined>>): ConfigFilter {
  return (key) => Promise.resolve(Object.hasOwn(environment, key) ? environment[key] : undefined)
}

const run = promisify(execFile)

/**
 * Runs `command` (split at blanks, no shell) with the key as its last argument; the first line it prints is the value.
 * Rejects with what went wrong, never with what was printed.
 */
export function externalFilter(command: string, charset: string, workingDirectory: string): ConfigFilter {
  const decoder = new TextDecoder(charset)
  const [program = '', ...args] = command.split(/\s+/)
  return async (key) => {
    try {
      const { stdout } = await run(program, [...args, key], {
        cwd: workingDirectory,
        encoding: 'buffer',
        timeout: 30_000,
        maxBuffer: 1024 * 1024,
      })
      const [line = ''] = decoder.decode(stdout).split(/\r?\n/)
      return line === '' ? undefined : line
    } catch (error) {
      const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
      const killed = typeof error === 'object' && error !== null && 'killed' in error && error.killed === true
      const reason = killed
        ? 'did not answer within 30 s'
        : typeof code === 'number'
          ? `ended with exit code ${code}`
          : typeof code === 'string'
            ? `could not be run: ${code}`
            : `could not be run: ${errorText(error).split('\n')[0] ?? ''}`
      throw new Error(`${program} ${reason}`, { cause: error })
    }
  }
}
