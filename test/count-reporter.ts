import type { Reporter, TestModule } from 'vitest/node'

/** Names the tests that passed only when tried again, and prints the plain closing line that CI reads: `N passed, N failed, N skipped`. */
export class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0
    let failed = errors.length
    let skipped = 0
    const again: string[] = []
    for (const module of modules) {
      if (module.children.size === 0 && !module.ok()) failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed' && (test.diagnostic()?.retryCount ?? 0) > 0) again.push(test.fullName)
        if (state === 'passed') passed++
        else if (state === 'failed') failed++
        else skipped++
      }
    }
    for (const name of again) process.stdout.write(`\npassed only when tried again: ${name}`)
    process.stdout.write(`\n${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped\n`)
  }
}
