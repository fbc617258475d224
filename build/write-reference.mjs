// `npm run docs`: writes docs/components.md from the built-in definitions.
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { builtinDefinitions } from '../core/component/builtin.ts'
import { componentReference } from '../core/component/reference.ts'

const page = fileURLToPath(new URL('../docs/components.md', import.meta.url))
const text = await format(componentReference(builtinDefinitions), { ...(await resolveConfig(page)), filepath: page })
await writeFile(page, text)
