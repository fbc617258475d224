import fc from 'fast-check'

/** Characters of a report: a counter-example of megabytes, printed whole, hides the seed that stands before it. */
const longestReport = 6000

/**
 * A property that reports in time: after so many milliseconds no further run begins, neither to find a counter-example
 * nor to make one smaller, and the report is short. It begins with the seed and the path that bring the run back. A sound
 * property that a busy machine has no time for passes with fewer runs.
 */
export function inTime(milliseconds: number): fc.Plugin<unknown> {
  return () => {
    const end = performance.now() + milliseconds
    return {
      // Between runs only: a script that is under way has files open.
      decorateRun: (run) => (value) => (performance.now() < end ? run(value) : new fc.PreconditionFailure(true)),
      onAllRunsComplete: (details) => {
        if (!details.failed) return
        const report = fc.defaultReportMessage(details)
        const rest = report.length - longestReport
        throw new Error(rest > 0 ? `${report.slice(0, longestReport)} … (${rest} characters more)` : report, {
          cause: details.errorInstance,
        })
      },
    }
  }
}

// Below the time limit of a unit test, and enough for the scripts that integration tests play on real files.
fc.installGlobalPlugin(inTime(15_000))

export { fc }
