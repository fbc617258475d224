import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { libraryNeeds } from '../../build/library-needs.ts'
import { readyMachines } from '../../core/open-database.ts'

const prebuilds = join(import.meta.dirname, '../../node_modules/better-sqlite3/prebuilds')

describe("what SQLite's library needs", () => {
  it('is what the message says for which machines there is one', () => {
    for (const architecture of ['x64', 'arm64'])
      expect(readyMachines).toContain(`glibc ${libraryNeeds(join(prebuilds, `linux-${architecture}.node`)).glibc} `)
    const systems = ['darwin', 'linux', 'linuxmusl', 'win32']
    expect(readdirSync(prebuilds).sort()).toEqual(
      systems.flatMap((system) => [`${system}-arm64.node`, `${system}-x64.node`]),
    )
  })

  it('is not guessed of a file that does not say', () => {
    expect(() => libraryNeeds(join(prebuilds, 'linuxmusl-x64.node'))).toThrow(/linuxmusl-x64\.node needs/)
  })
})
