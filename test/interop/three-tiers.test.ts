import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fsck } from '../../core/channel/file/fsck.ts'
import { avroSink, avroSource, fileRoll, type Settings, straightFlow } from './agent-file.ts'
import { freePort } from './flume/peer.ts'
import { arrivalOf, newestLine, NumberedLog } from './numbered-log.ts'
import type { PeerProcess } from './peer-process.ts'
import { absence, Peers } from './peers.ts'

const batchSize = 200
const linesPerSecond = 1500
/** Longest that a fresh line may take to the end of the chain after a tier has come back; Flume waits up to 5 s itself. */
const backWithin = 12_000

interface Tier {
  readonly name: string
  readonly start: () => Promise<PeerProcess>
}

describe.skipIf(absence !== '')(`three tiers, each killed under load and started again${absence}`, () => {
  let peers: Peers
  let watched: string
  let out: string
  let log: NumberedLog | undefined

  beforeEach(() => {
    peers = new Peers()
    watched = peers.folder('watched')
    out = peers.folder('out')
  })

  afterEach(async () => {
    log?.stop()
    await peers.remove()
  })

  const taildir = (): Settings => ({
    type: 'taildir',
    filegroups: 'log',
    'filegroups.log': join(watched, '.*\\.log'),
    positionFile: join(peers.directory, 'position.json'),
    batchSize,
  })

  const flume = (name: string, source: Settings, sink: Settings): Tier => ({
    name,
    start: () => {
      const folder = peers.folder(name)
      const channel = { type: 'file', checkpointDir: join(folder, 'checkpoint'), dataDirs: join(folder, 'data') }
      return peers.flume(
        name,
        straightFlow(name, { source, channel, sink }),
        /Component type: SOURCE, name: in started/,
      )
    },
  })

  const sluice = (name: string, source: Settings, sink: Settings): Tier => ({
    name,
    start: () =>
      peers.sluice(name, straightFlow(name, { source, channel: { type: 'file' }, sink }), 'serving /metrics'),
  })

  /** Events that a stopped Sluice tier's file channel has ever taken in, by its own books. */
  const received = async (name: string): Promise<number | undefined> => {
    const report = await fsck(join(peers.folder(name), 'data', 'channels', 'c'))
    expect(report.ok, JSON.stringify(report.problems)).toBe(true)
    return report.ledger?.received
  }

  /** Lines come all the time; kills each tier in turn, gives it back, and waits until a line written since then is through. */
  async function runWithOutages(tiers: readonly Tier[]): Promise<number> {
    const running = new Map<Tier, PeerProcess>()
    for (const tier of tiers.toReversed()) running.set(tier, await tier.start())
    const writer = new NumberedLog(join(watched, 'a.log'), linesPerSecond)
    log = writer
    const through = (what: string) => {
      const fresh = writer.lines
      return expect
        .poll(() => newestLine(out), { timeout: backWithin, interval: 200, message: `a fresh line, ${what}` })
        .toBeGreaterThanOrEqual(fresh)
    }
    await through('at the start')
    for (const tier of tiers) {
      await running.get(tier)?.kill()
      await new Promise((resolve) => setTimeout(resolve, 1500))
      running.set(tier, await tier.start())
      await through(`after the outage of ${tier.name}`)
    }
    writer.stop()
    await expect
      .poll(() => arrivalOf(out, writer.lines).missing, { timeout: 30_000, interval: 500, message: 'lines missing' })
      .toBe(0)
    // From the first to the last: what is still in a channel could only be a repeat.
    for (const tier of tiers) await running.get(tier)?.stop()
    return writer.lines
  }

  it('Sluice → Flume → Sluice: every line, in order; repeats only where Flume is an end', async () => {
    const [first, second] = [await freePort(), await freePort()]
    const written = await runWithOutages([
      sluice('s1', taildir(), { ...avroSink(first), 'batch-size': batchSize }),
      flume('f2', avroSource(first), { ...avroSink(second), 'batch-size': batchSize }),
      sluice('s3', avroSource(second), fileRoll(out, 'text')),
    ])
    const arrival = arrivalOf(out, written)
    const [s1, s3] = [await received('s1'), await received('s3')]
    process.stdout.write(
      `Sluice → Flume → Sluice: ${written} lines, kill -9 of each tier: ${s1} into the first channel, ` +
        `${s3} into the last, ${arrival.lines} in the files, ${arrival.repeated} of them repeats by way of Flume\n`,
    )
    expect(arrival).toMatchObject({ missing: 0, foreign: [], outOfOrder: 0, torn: 0 })
    // The files watched entered the channel once, and what is in the last channel is in the files once.
    expect(s1).toBe(written)
    expect(arrival.lines).toBe(s3)
    // A kill of Sluice costs one batch on its connection with Flume, one of Flume a batch on both of its connections.
    expect(arrival.repeated).toBeLessThanOrEqual(4 * batchSize)
  })

  it('Flume → Sluice → Flume: every line, in order', async () => {
    const [first, second] = [await freePort(), await freePort()]
    const written = await runWithOutages([
      flume('f1', taildir(), { ...avroSink(first), 'batch-size': batchSize }),
      sluice('s2', avroSource(first), { ...avroSink(second), 'batch-size': batchSize }),
      flume('f3', avroSource(second), { ...fileRoll(out, 'text'), 'sink.batchSize': batchSize }),
    ])
    const arrival = arrivalOf(out, written)
    const s2 = (await received('s2')) ?? 0
    process.stdout.write(
      `Flume → Sluice → Flume: ${written} lines, kill -9 of each tier: ${s2} into Sluice's channel, ` +
        `${s2 - written} of them repeats of the first Flume; ${arrival.lines} in the files, ` +
        `${arrival.lines - s2} of them repeats at or before the last Flume; ${arrival.torn} lines torn by its kill\n`,
    )
    expect(arrival).toMatchObject({ missing: 0, foreign: [], outOfOrder: 0 })
    expect(arrival.torn).toBeLessThanOrEqual(1)
    // A batch for the kill of Sluice, one for that of Flume; Flume's file_roll may write another batch once more.
    expect(arrival.lines - s2).toBeLessThanOrEqual(3 * batchSize)
  })
})
