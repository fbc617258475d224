import type { Command } from 'commander'
import { SluiceError } from '../../errors.ts'
import { parsePort } from './address.ts'
import { type LogOptions, parseRootLogger } from './logging.ts'

/** The values of all `-Dkey=value` of one command line, as Java's system properties. */
export type SystemProperties = Readonly<Record<string, string>>

/** Adds one `-Dkey=value` (or `-Dkey`, which is empty as in Java) to those before it. */
export function collectProperty(text: string, before: SystemProperties = {}): SystemProperties {
  const equals = text.indexOf('=')
  const key = equals === -1 ? text : text.slice(0, equals)
  if (key === '') throw new SluiceError('SLUICE_USAGE', `-D${text}: give -Dkey=value`)
  return { ...before, [key]: equals === -1 ? '' : text.slice(equals + 1) }
}

export interface Monitoring {
  /** Loopback unless `flume.monitoring.host` says otherwise: who reaches the port sees names and counts. */
  readonly host: string
  readonly port: number
}

/** Flume's default port of `/metrics` (flume.md §5.2). */
const defaultMonitoringPort = 41414

/** What `-Dflume.monitoring.type=http -Dflume.monitoring.port=N` asks for; undefined when nothing. */
export function monitoringOf(properties: SystemProperties): Monitoring | undefined {
  const type = properties['flume.monitoring.type']
  if (type === undefined) return undefined
  if (type.toLowerCase() !== 'http')
    throw new SluiceError(
      'SLUICE_USAGE',
      `-Dflume.monitoring.type=${type}: only http is served; /metrics has Flume's JSON and Prometheus text`,
    )
  const port = properties['flume.monitoring.port']
  const host = properties['flume.monitoring.host'] ?? '127.0.0.1'
  return { host, port: port === undefined ? defaultMonitoringPort : parsePort(port, '-Dflume.monitoring.port') }
}

/** The log that `-Dflume.root.logger=LEVEL,console` asks for. */
export function logOptionsOf(properties: SystemProperties): LogOptions {
  const value = properties['flume.root.logger']
  if (value === undefined) return { level: 'info', readable: undefined }
  const parsed = parseRootLogger(value)
  if (parsed === undefined)
    throw new SluiceError('SLUICE_USAGE', `-Dflume.root.logger=${value}: give a level, as in INFO,console or DEBUG`)
  return { level: parsed.level, readable: parsed.console ? true : undefined }
}

/** Options of `flume-ng agent` that cannot mean anything here: each is refused with what to do instead. */
const refused: readonly (readonly [flags: string, reason: string])[] = [
  ['-z, --zkConnString <HOSTS>', 'Sluice reads its configuration from files: give it with -f'],
  ['-p, --zkBasePath <PATH>', 'Sluice reads its configuration from files: give it with -f'],
  ['-u, --conf-uri <URI>', 'Sluice reads its configuration from files: give it with -f'],
  ['--conf-provider <CLASS>', 'Sluice runs no Java: give the configuration file with -f'],
]

/** Options for the Java machine: a start script that has them may keep them. */
const ignored: readonly (readonly [flags: string, reason: string])[] = [
  ['-C, --classpath <PATH>', 'there is no Java in Sluice'],
  ['-X <OPTION>', 'there is no Java in Sluice'],
  ['--plugins-path <PATH>', 'there is no Java in Sluice; an own component is named by its file in "type"'],
]

const optionName = (flags: string) => /^(?:-\w, )?(\S+)/.exec(flags)?.[1] ?? flags

/** Declares what of flume-ng's options is refused or ignored; they stay out of `--help`. */
export function addFlumeOptions(command: Command, warn: (text: string) => void): Command {
  for (const [flags, reason] of refused)
    command.addOption(
      command
        .createOption(flags, reason)
        .argParser(() => {
          throw new SluiceError('SLUICE_USAGE', `${optionName(flags)} is not supported. ${reason}.`)
        })
        .hideHelp(),
    )
  for (const [flags, reason] of ignored)
    command.addOption(
      command
        .createOption(flags, reason)
        .argParser(() => warn(`${optionName(flags)} is ignored: ${reason}`))
        .hideHelp(),
    )
  return command
}
