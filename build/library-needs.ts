import { readFileSync } from 'node:fs'

/** Since which GCC the C++ library has a version of its symbols: GLIBCXX_3.4.N by N. */
const compilers: readonly (readonly [symbols: number, compiler: string])[] = [
  [26, '8'],
  [28, '9'],
  [29, '11'],
  [30, '12'],
  [32, '13'],
  [33, '14'],
]

/** What a library for Linux needs of a machine: the newest versions that it asks of glibc and of the C++ library. */
export interface LibraryNeeds {
  /** As 2.34. */
  readonly glibc: string
  /** The GCC whose C++ library is new enough. */
  readonly compiler: string
}

/** Reads it from the names of versions in the file. Throws when they are none that is known. */
export function libraryNeeds(file: string): LibraryNeeds {
  const text = readFileSync(file, 'latin1')
  const newest = (name: RegExp) => Math.max(...[...text.matchAll(name)].map(([, minor]) => Number(minor)))
  const glibc = newest(/\0GLIBC_2\.(\d+)(?=\0)/g)
  const symbols = newest(/\0GLIBCXX_3\.4\.(\d+)(?=\0)/g)
  const [, compiler] = compilers.find(([has]) => symbols <= has) ?? []
  if (!Number.isFinite(glibc) || compiler === undefined)
    throw new Error(
      `${file} needs glibc 2.${glibc} and GLIBCXX_3.4.${symbols}: tell ${import.meta.filename} since when`,
    )
  return { glibc: `2.${glibc}`, compiler }
}
