import { processContext } from './context.ts'
import { runProgram } from './program.ts'

// A pipe's reader that went away (`sluice check … | head`) is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

await runProgram(process.argv.slice(2), processContext())
// Output to a pipe is asynchronous: exit only when it has been written.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))))
process.exit()
