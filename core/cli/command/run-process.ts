import { errorText } from '../../errors.ts'
import { processContext } from './context.ts'
import { runProgram } from './program.ts'

const context = processContext()

// A pipe's reader that went away (`sluice check … | head`) is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  context.stderr.write(`sluice: the output cannot be written: ${errorText(error)} [SLUICE_FILE]\n`)
  process.exit(1)
})
// Who says that nobody can be told anything any more?
process.stderr.on('error', () => undefined)

await runProgram(process.argv.slice(2), context)
// Output to a pipe is asynchronous: exit only when it has been written, and it has been heard that it could not be.
await new Promise((done) => setImmediate(done))
await Promise.all(
  [process.stdout, process.stderr]
    .filter(({ writableLength }) => writableLength > 0)
    .map((stream) => new Promise((done) => stream.write('', done))),
)
process.exit()
