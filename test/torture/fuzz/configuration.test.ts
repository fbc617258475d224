import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { builtinRegistry } from '../../../core/component/builtin.ts'
import { loadConfig } from '../../../core/config/load.ts'
import { isSluiceError } from '../../../core/errors.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { fuzz } from './fuzz-run.ts'
import { mutate, mutateText } from './mutation.ts'

const words = [
  ...['a.sources', 'a.channels.', '.type', '.channels', ' = ', ':', '\n', '\\', '\\\n', '\\u00', '\\u12xz', '#', '\t'],
  ...['${', '}', '$${', '${env:', '${sys:', ':-', "${f['", "']}", '${a.sources}', 'taildir', 'file', 'memory', 'avro'],
  ...['%{', '%Y', '-1', '1e99', '99999999999999999999', 'true', '(', '[', '*', '.*', '(?:', '\0', '__proto__'],
  ...[
    'constructor',
    '&a ',
    '*a',
    '<<: ',
    '- ',
    '{',
    '}',
    ']',
    ', ',
    '? ',
    '|\n',
    '>-\n ',
    '!!',
    '---\n',
    '%',
    '"',
    "'",
  ],
  ...['configfilters', 'interceptors', 'sinkgroups', 'selector.', 'processor.', 'agents:\n', '  ', '\r', '\u2028', 'é'],
]

const good = `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = netcat
a.sources.r.bind = 127.0.0.1
a.sources.r.port = 0
a.sources.r.channels = c
a.channels.c.type = memory
a.sinks.k.type = logger
a.sinks.k.channel = c
`

test.each(['properties', 'yaml'] as const)('configurations as %s', async (form) => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-fuzz-config-'))
  const registry = builtinRegistry()
  const load = (text: string, name: string, lenient: boolean) =>
    loadConfig({
      ...{ files: [{ path: join(directory, name), text }], agent: 'a', registry, lenient },
      ...{ environment: { SECRET: 'hush-hush' }, properties: {}, baseDirectory: directory },
    })
  let refused = 0
  let taken = 0
  try {
    await fuzz({
      suite: form,
      inputs: form === 'yaml' ? 500 : 1000,
      limit: 5_000,
      make: (random: SeededRandom, corpus) => {
        const text = random.pick(corpus)
        return random.chance(0.3) ? mutate(random, text, corpus) : mutateText(random, text, corpus, words)
      },
      attempt: async (input) => {
        const text = input.toString('utf8')
        const lines = text.split(/\r\n|\r|\n/).length
        for (const lenient of [false, true])
          try {
            const { config, findings } = await load(text, `a.${form}`, lenient)
            if (config === undefined) expect(findings.filter(({ severity }) => severity === 'error')).not.toEqual([])
            for (const { file, line } of findings) {
              expect(file).toBe(join(directory, `a.${form}`))
              expect(line).toBeGreaterThanOrEqual(0)
              expect(line).toBeLessThanOrEqual(lines)
            }
            if (config === undefined) refused++
            else taken++
          } catch (error) {
            if (!isSluiceError(error)) throw error
          }
      },
      honest: async () => {
        const { config, findings } = await load(good, 'a.properties', false)
        expect(findings).toEqual([])
        expect(config?.sources[0]?.name).toBe('r')
      },
    })
    expect(refused).toBeGreaterThan(300)
    expect(taken).toBeGreaterThan(5)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
