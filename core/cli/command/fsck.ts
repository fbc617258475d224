import { resolve } from 'node:path'
import { Command } from 'commander'
import type { Ledger } from '../../channel/channel.ts'
import { fsck, type FsckReport } from '../../channel/file/fsck.ts'
import { channelFolders } from '../../channel/file/channel-folders.ts'
import { type CommandLineContext, exitCodes, type TextOutput } from './context.ts'

interface FsckOptions {
  repair?: boolean
  json?: boolean
}

const number = (value: number) => value.toLocaleString('en')
const counted = (count: number, what: string) => `${number(count)} ${what}${count === 1 ? '' : 's'}`

/** `received 10 = delivered 7 + queued 2 + dropped 0 + quarantined 1 + lost 0: it balances`. */
export function ledgerLine({ received, delivered, queued, dropped, quarantined, lost }: Ledger): string {
  const all = Object.values(dropped).reduce((sum, events) => sum + events, 0)
  const right = delivered + queued + all + quarantined + lost
  const terms = `delivered ${number(delivered)} + queued ${number(queued)} + dropped ${number(all)}`
  const verdict = received === right ? 'it balances' : `IT DOES NOT BALANCE: the right side is ${number(right)}`
  return `received ${number(received)} = ${terms} + quarantined ${number(quarantined)} + lost ${number(lost)}: ${verdict}`
}

function print(
  { folder, segments, ledger, queuedFound, quarantine, problems, repairs, ok }: FsckReport,
  out: TextOutput,
) {
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0)
  const frames = segments.reduce((sum, segment) => sum + segment.frames, 0)
  out.write(`${folder}\n`)
  out.write(`  ${counted(segments.length, 'segment')}, ${counted(bytes, 'byte')}, ${counted(frames, 'good frame')}\n`)
  if (ledger !== undefined) out.write(`  ledger: ${ledgerLine(ledger)}\n`)
  out.write(`  ${counted(queuedFound, 'waiting event')} found in good frames\n`)
  if (quarantine.frames > 0)
    out.write(`  in quarantine: ${counted(quarantine.frames, 'frame')}, ${counted(quarantine.events, 'event')}\n`)
  for (const { kind, message, serious, segment, offset } of problems) {
    const place = segment === undefined ? '' : ` [segment ${segment}${offset === undefined ? '' : ` at ${offset}`}]`
    out.write(`  ${serious ? 'PROBLEM' : 'note'}: ${kind}: ${message}${place}\n`)
  }
  for (const repair of repairs) out.write(`  mended: ${repair}\n`)
  out.write(ok ? '  sound\n' : '  NOT SOUND\n')
}

/** `sluice fsck`: reads a channel frame by frame and proves its books. */
export function fsckCommand(context: CommandLineContext): Command {
  return new Command('fsck')
    .description(
      'Verify a file channel frame by frame, prove its ledger, and say what is wrong; without --repair it changes nothing.',
    )
    .argument('<DIR>', "a channel's folder, or an agent's data folder for all its channels")
    .option('--repair', 'mend what can be mended; the agent must not be running')
    .option('--json', 'print the reports as JSON')
    .addHelpText('after', '\nExit codes: 0 sound (or mended), 1 not sound, 2 wrong usage.')
    .action(async (directory: string, options: FsckOptions) => {
      const over = new AbortController()
      const forget = context.onSignal(() => over.abort())
      try {
        const reports: FsckReport[] = []
        for (const folder of channelFolders(resolve(context.workingDirectory, directory))) {
          const report = await fsck(folder, { repair: options.repair === true, signal: over.signal })
          reports.push(report)
          if (options.json !== true) print(report, context.stdout)
        }
        if (options.json === true) context.stdout.write(`${JSON.stringify(reports, undefined, 2)}\n`)
        const ok = reports.every((report) => report.ok)
        if (!ok && options.repair !== true && options.json !== true)
          context.stderr.write('sluice: stop the agent and run fsck --repair to mend what can be mended\n')
        context.exit(ok ? exitCodes.done : exitCodes.failed)
      } finally {
        forget()
      }
    })
}
