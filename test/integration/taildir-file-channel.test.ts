import { appendFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Channel } from '../../core/channel/channel.ts'
import { fileChannel } from '../../core/channel/file/file-channel-definition.ts'
import type { ChannelProcessor } from '../../core/source/source.ts'
import { taildirSource } from '../../core/source/taildir/definition.ts'
import { sourceContext } from '../recording-channels.ts'

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-tail-file-'))
  await mkdir(join(root, 'logs'))
})

afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

/** The source's way into one channel and nothing else. */
function straightInto(channel: Channel): ChannelProcessor {
  return {
    durable: channel.durable,
    prepareHeaders: (headers) => headers,
    put: (batch, options) => channel.put(batch, options),
    putPatiently: (batch, options) => channel.put(batch, options),
    position(key) {
      const position = channel.position(key)
      return position && { position, stops: [] }
    },
    positions: (prefix) => channel.positions(prefix),
    forgetPositions: (keys) => channel.forgetPositions(keys),
  }
}

async function openChannel(): Promise<Channel> {
  const { context } = sourceContext({} as ChannelProcessor, root)
  const settings = fileChannel.settings.parse({ checkpointDir: join(root, 'c'), dataDirs: join(root, 'c') })
  const channel = fileChannel.create(settings, { ...context, name: 'c1' })
  await channel.open()
  return channel
}

test('through stops, rotations and new starts every line is in the file channel once', async () => {
  const path = join(root, 'logs', 'app.log')
  let next = 0
  const write = async (count: number) => {
    const lines = Array.from({ length: count }, () => `line ${next++} ${'x'.repeat(100)}\n`)
    await appendFile(path, lines.join(''))
  }
  const arrived: number[] = []
  for (let round = 0; round < 4; round++) {
    const channel = await openChannel()
    const { context } = sourceContext(straightInto(channel), root)
    const settings = taildirSource.settings.parse({
      filegroups: 'g1',
      'filegroups.*': { g1: `${join(root, 'logs')}/.*` },
      pollInterval: '20',
      batchSize: '500',
    })
    const source = taildirSource.create(settings, context)
    await write(5000)
    await source.start()
    await write(5000)
    await rename(path, `${path}.${round}`)
    await write(5000)
    const drained = round === 3
    while (drained ? arrived.length < next : arrived.length < next / 2) {
      const lease = await channel.take(2000, 1 << 20, 1000)
      if (lease === undefined) break
      for (const batch of lease.batches)
        for (const event of batch.events()) arrived.push(Number(event.body.toString().split(' ')[1]))
      await lease.ack()
    }
    await source.stop()
    await channel.close(2000)
  }
  expect(arrived).toHaveLength(next)
  expect(new Set(arrived).size).toBe(next)
})
