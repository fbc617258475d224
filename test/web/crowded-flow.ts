/** A flow as no designer draws it: fifty channels, names that are too long, hundreds of files, sinks that find nobody. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Longer than any place that shows a name, and without a blank where a line could break. */
export const longChannel = 'audit-records-of-the-payment-gateway-in-the-second-data-centre-kept-for-ten-years'
export const longSource = 'application-logs-of-every-server-of-the-payment-gateway-watched-since-the-migration'
const longSink = 'regional-collector-of-the-second-data-centre-reached-through-the-maintenance-network'
export const longHeader = 'x-identifier-of-the-transaction-as-the-gateway-of-the-second-data-centre-wrote-it-down'
export const longAgent = 'edge-of-the-second-data-centre-in-the-cellar-of-the-old-town-hall-behind-the-river'
const channels = 50
export const watchedFiles = 500

/** The configuration of agent `a1`; `FOLDER` stands for the test's own folder. Of the channels, two are files. */
export function crowdedFlow(): string {
  const names = Array.from({ length: channels }, (_, at) => {
    const number = String(at).padStart(2, '0')
    return at === 0
      ? { channel: longChannel, sink: longSink, type: 'file' }
      : { channel: `c${number}`, sink: `k${number}`, type: at === 1 ? 'file' : 'memory' }
  })
  return [
    `a1.sources = ${longSource} steady port`,
    `a1.channels = ${names.map(({ channel }) => channel).join(' ')}`,
    `a1.sinks = ${names.map(({ sink }) => sink).join(' ')}`,
    `a1.sources.${longSource}.type = TAILDIR`,
    `a1.sources.${longSource}.filegroups = g1`,
    `a1.sources.${longSource}.filegroups.g1 = FOLDER/in/.*`,
    `a1.sources.${longSource}.fileHeader = true`,
    `a1.sources.${longSource}.headers.g1.${longHeader} = ${'v'.repeat(200)}`,
    `a1.sources.${longSource}.channels = ${longChannel} c01`,
    'a1.sources.steady.type = seq',
    'a1.sources.steady.totalEvents = 2000',
    `a1.sources.steady.channels = ${names
      .slice(1)
      .map(({ channel }) => channel)
      .join(' ')}`,
    'a1.sources.port.type = netcat',
    'a1.sources.port.bind = 127.0.0.1',
    'a1.sources.port.port = 0',
    'a1.sources.port.channels = c02',
    ...names.flatMap(({ channel, sink, type }, at) => [
      `a1.channels.${channel}.type = ${type}`,
      ...(type === 'memory' ? [`a1.channels.${channel}.capacity = ${at % 7 === 3 ? 1_000 : 10_000}`] : []),
      `a1.sinks.${sink}.channel = ${channel}`,
      ...(at % 5 === 0 || at % 7 === 3
        ? [`a1.sinks.${sink}.type = avro`, `a1.sinks.${sink}.hostname = 127.0.0.1`, `a1.sinks.${sink}.port = 1`]
        : [`a1.sinks.${sink}.type = null`]),
    ]),
    '',
  ].join('\n')
}

/** The files that its first source watches, some in folders whose names are long. */
export function writeWatchedFiles(folder: string): void {
  mkdirSync(folder, { recursive: true })
  for (let at = 0; at < watchedFiles; at++) {
    const name = at % 50 === 7 ? `${'very-long-name-'.repeat(12)}${at}.log` : `server-${at}.log`
    const line = JSON.stringify({ server: at, level: 'info', text: 'x'.repeat(at % 90) })
    writeFileSync(join(folder, name), `${line}\n`.repeat(4))
  }
}
