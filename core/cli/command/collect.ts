import { resolve } from 'node:path'
import { Command } from 'commander'
import { errorText, SluiceError } from '../../errors.ts'
import { addressText, parsePort } from './address.ts'
import type { CommandLineContext } from './context.ts'
import { runTier } from './run-tier.ts'
import { collectFlow } from './tier-flow.ts'
import { makeFolder } from './make-folder.ts'

const agent = 'collect'

interface CollectOptions {
  port: string
  bind: string
  out: string
  rollSeconds: string
  dataDir?: string
}

function parseSeconds(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text)
  throw new SluiceError('SLUICE_USAGE', `--roll-seconds: "${text}" is no number of seconds; 0 keeps one file for ever`)
}

/** `sluice collect`: what relays send, through a durable channel, into files with one event body a line. */
export function collectCommand(context: CommandLineContext): Command {
  return new Command('collect')
    .description('Receive what relays (or any Flume Avro sink) send, and write the event bodies as lines to files.')
    .requiredOption('--port <PORT>', 'the port to receive on')
    .requiredOption('--out <DIR>', 'the folder for the files; it is made when missing')
    .option('--bind <HOST>', 'the address to receive on', '0.0.0.0')
    .option('--roll-seconds <N>', 'begin a new file after so many seconds; 0: never', '300')
    .option('--data-dir <DIR>', "where what waits is kept (default: collect in the user's data folder)")
    .action(async (options: CollectOptions) => {
      const listen = { host: options.bind, port: parsePort(options.port, '--port') }
      const rollSeconds = parseSeconds(options.rollSeconds)
      const out = resolve(context.workingDirectory, options.out)
      try {
        await makeFolder(out)
      } catch (error) {
        throw new SluiceError('SLUICE_FILE', `--out ${out}: ${errorText(error)}`, { cause: error })
      }
      await runTier(
        context,
        agent,
        options.dataDir,
        collectFlow({ agent, listen, out, rollSeconds }),
        `collecting on ${addressText(listen)} into ${out}`,
      )
    })
}
