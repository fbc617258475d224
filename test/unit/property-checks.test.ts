import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { fc, inTime } from '../property-checks.ts'

/** Takes ten milliseconds a run, and what it fails on can be made smaller for a very long time. */
function slowly(numbers: readonly number[]): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
  if (numbers.reduce((sum, number) => sum + number, 0) > 1000) throw new Error('more than a thousand')
}
const property = fc.property(fc.array(fc.nat({ max: 1e6 }), { minLength: 500, maxLength: 500 }), slowly)

test('a property that fails reports in time, shortly, with the seed that brings the run back', () => {
  const begin = performance.now()
  const check = () => {
    fc.assert(property, { seed: 42, plugins: [inTime(300)] })
  }
  expect(check).toThrow(/seed: 42, path: "0[:\d]*"[^]*Counterexample[^]{100,7000}$/)
  expect(performance.now() - begin).toBeLessThan(5000)
  try {
    check()
  } catch (error) {
    expect(error).toMatchObject({ cause: { message: 'more than a thousand' } })
    expect((error as Error).message.length).toBeLessThan(7000)
  }
})

test('a property that holds, and that there is no time for, passes', () => {
  fc.assert(
    fc.property(fc.nat(), () => slowly([])),
    { numRuns: 1e6, plugins: [inTime(100)] },
  )
})

test('every test takes fast-check from here', () => {
  const root = path.join(import.meta.dirname, '..')
  const files = fs.readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const others = files.filter((name) => /from 'fast-check'/.test(fs.readFileSync(path.join(root, name), 'utf8')))
  expect(files.length).toBeGreaterThan(100)
  expect(others.filter((name) => !/property-checks(\.test)?\.ts$/.test(name))).toEqual([])
})
