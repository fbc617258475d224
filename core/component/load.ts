import { access, readFile } from 'node:fs/promises'
import { findPackageJSON, isBuiltin } from 'node:module'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { errorText, SluiceError } from '../errors.ts'
import { type AnyDefinition, type ComponentKind, componentKinds } from './definition.ts'
import { objectSchema } from './settings-shape.ts'
import { toolkit } from './toolkit.ts'

/** A type that names a file (`./my-source.ts`, `/opt/x.js`, `file:///opt/x.js`) and no built-in component. */
export const namesFile = (type: string) => /^(\.{1,2}\/|\/|file:)/.test(type) || isAbsolute(type)

/** A type that may name an npm package: `my-source`, `@us/sources`, `@us/sources/tail.js`; a word like `avro` may too. */
export const mayNamePackage = (type: string) =>
  /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(\/[\w./~-]+)?$/.test(type) && !isBuiltin(type)

const failed = (message: string, cause?: unknown) =>
  new SluiceError('SLUICE_COMPONENT_LOAD', message, cause === undefined ? {} : { cause })

/** What `exports` in a package.json says about one of its entries, for an import by Node. */
function exported(target: unknown): string | undefined {
  if (typeof target === 'string') return target
  if (Array.isArray(target)) return target.map(exported).find((one) => one !== undefined)
  if (typeof target !== 'object' || target === null) return undefined
  for (const [condition, one] of Object.entries(target))
    if (['node', 'import', 'default'].includes(condition)) {
      const found = exported(one)
      if (found !== undefined) return found
    }
  return undefined
}

/** The file that a package's name stands for, looked for in the node_modules of `baseDirectory` and its parents. */
export async function packageFile(specifier: string, baseDirectory: string): Promise<string | undefined> {
  const parts = specifier.split('/')
  const named = specifier.startsWith('@') ? 2 : 1
  const name = parts.slice(0, named).join('/')
  const entry = ['.', ...parts.slice(named)].join('/')
  let manifestPath: string | undefined
  try {
    manifestPath = findPackageJSON(name, pathToFileURL(join(baseDirectory, 'flow.js')))
  } catch {
    return undefined // No such package: the caller says so, with the nearest built-in type.
  }
  if (manifestPath === undefined) return undefined
  const manifest = JSON.parse(await readFile(manifestPath, 'utf8')) as Record<string, unknown>
  const { exports, main } = manifest
  const isMap =
    typeof exports === 'object' && exports !== null && Object.keys(exports).some((one) => one.startsWith('.'))
  const target =
    exports === undefined
      ? entry === '.'
        ? main
        : entry
      : isMap
        ? exported((exports as Record<string, unknown>)[entry])
        : entry === '.'
          ? exported(exports)
          : undefined
  if (exports !== undefined && target === undefined)
    throw failed(`the package ${name} does not export ${entry}: see "exports" in ${manifestPath}`)
  return join(dirname(manifestPath), typeof target === 'string' ? target : 'index.js')
}

function checked(kind: ComponentKind, made: unknown, where: string): AnyDefinition {
  const say = (problem: string) => failed(`${where} ${problem}`)
  if (typeof made !== 'object' || made === null)
    throw say(
      `exports no definition: export const definition = define${kind[0]?.toUpperCase() ?? ''}${kind.slice(1)}({ … })`,
    )
  const { kind: found, type, settings, create } = made as Record<string, unknown>
  if (!componentKinds.some((one) => one === found))
    throw say(`exports a definition without a kind: make it with defineSource, defineSink, …`)
  if (found !== kind) throw say(`defines a ${String(found)}, and a ${kind} is needed here`)
  if (typeof type !== 'string' || type === '') throw say('exports a definition without a type: give it a name')
  if (typeof settings !== 'object' || settings === null || !('_zod' in settings))
    throw say('exports a definition whose settings are no zod schema: give z.object({ … }) (zod 4)')
  if (objectSchema(settings as AnyDefinition['settings']) === undefined)
    throw say('exports a definition whose settings are no object schema: give z.object({ … })')
  if (typeof create !== 'function') throw say('exports a definition without create(settings, context)')
  // Checked above, key by key.
  const given: Partial<Pick<AnyDefinition, 'aliases' | 'summary'>> = made
  return { ...(made as AnyDefinition), aliases: given.aliases ?? [], summary: given.summary ?? '' }
}

/**
 * Loads a user's own component: `type` is a path (relative to `baseDirectory`), a file: URL or a package. The module
 * exports `definition`, or a default, that is a definition or a function that makes one from the toolkit it is given.
 * Undefined when `type` names no file and no package that is installed. Throws `SLUICE_COMPONENT_LOAD`, with a message
 * that says what to change, when there is something that cannot be used.
 */
export async function loadDefinition(
  kind: ComponentKind,
  type: string,
  baseDirectory: string,
): Promise<AnyDefinition | undefined> {
  let file: string | undefined
  if (type.startsWith('file:'))
    try {
      file = fileURLToPath(type)
    } catch (error) {
      throw failed(`${type} is no file URL of this system: ${errorText(error)}`, error)
    }
  else if (namesFile(type)) file = resolve(baseDirectory, type)
  else if (mayNamePackage(type)) file = await packageFile(type, baseDirectory)
  if (file === undefined) return undefined
  try {
    await access(file)
  } catch (error) {
    throw failed(`${file} cannot be read: is the path right? Relative paths start from ${baseDirectory}`, error)
  }
  let module: Record<string, unknown>
  try {
    module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Record<string, unknown>
  } catch (error) {
    throw failed(`${file} fails while it is loaded: ${errorText(error)}`, error)
  }
  const exportedDefinition = module['definition'] ?? module['default']
  if (typeof exportedDefinition !== 'function') return checked(kind, exportedDefinition, file)
  try {
    return checked(kind, (exportedDefinition as (kit: typeof toolkit) => unknown)(toolkit), file)
  } catch (error) {
    if (error instanceof SluiceError) throw error
    throw failed(`${file} fails while it makes its definition: ${errorText(error)}`, error)
  }
}
