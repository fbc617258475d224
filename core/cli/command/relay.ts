import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { errorText, SluiceError } from '../../errors.ts'
import { addressText, parseAddress, parseListen } from './address.ts'
import type { CommandLineContext } from './context.ts'
import { runTier } from './run-tier.ts'
import { relayFlow, type Watch } from './tier-flow.ts'

const agent = 'relay'

interface RelayOptions {
  watch?: string[]
  listen?: string[]
  to: string
  dataDir?: string
}

async function watchOf(path: string): Promise<Watch> {
  try {
    const found = await stat(path)
    return { path, folder: found.isDirectory() }
  } catch (error) {
    throw new SluiceError('SLUICE_FILE', `--watch ${path}: ${errorText(error)}. Give a folder or a file that exists`, {
      cause: error,
    })
  }
}

/** `sluice relay`: watched files and ports to the next tier, through a durable channel, with no configuration file. */
export function relayCommand(context: CommandLineContext): Command {
  return new Command('relay')
    .description('Pass on what is written to files and ports to the next tier (sluice collect, or any Avro source).')
    .option('--watch <PATH...>', 'a folder, to follow every file in it from its start, or a file')
    .option('--listen <TYPE:PORT...>', 'a port for netcat, netcatudp, http or avro; TYPE:HOST:PORT for other machines')
    .requiredOption('--to <HOST:PORT>', 'the next tier')
    .option('--data-dir <DIR>', "where what waits is kept (default: relay in the user's data folder)")
    .action(async (options: RelayOptions) => {
      const to = parseAddress(options.to, '--to')
      const listens = (options.listen ?? []).map(parseListen)
      const paths = (options.watch ?? []).map((path) => resolve(context.workingDirectory, path))
      if (paths.length + listens.length === 0)
        throw new SluiceError('SLUICE_USAGE', 'nothing to relay: give --watch PATH or --listen TYPE:PORT')
      const watches = await Promise.all(paths.map(watchOf))
      const from = [
        ...watches.map(({ path, folder }) => (folder ? `every file in ${path}` : path)),
        ...listens.map((listen) => `${listen.type} on ${addressText(listen)}`),
      ]
      await runTier(
        context,
        agent,
        options.dataDir,
        relayFlow({ agent, watches, listens, to }),
        `relaying ${from.join(', ')} to ${addressText(to)}`,
      )
    })
}
