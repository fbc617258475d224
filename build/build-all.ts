/** Builds what is run: the window's page, the headless agent, the desktop. `node build/build-all.ts [NAME…]` builds a part. */
import { join } from 'node:path'
import { build } from 'vite'
import { writeNotices } from './third-party-notices.ts'

// What is built is what ships, whoever asks for it: under a test's NODE_ENV Vue would be its development build.
process.env.NODE_ENV = 'production'

const configs = ['renderer', 'headless', 'electron', 'preload'] as const
const wanted = process.argv.slice(2)
for (const name of wanted)
  if (!configs.some((one) => one === name)) throw new Error(`${name} is none of ${configs.join(', ')}`)

for (const name of configs)
  if (wanted.length === 0 || wanted.includes(name))
    await build({ configFile: join(import.meta.dirname, `${name}.config.ts`), logLevel: 'warn' })

writeNotices()
