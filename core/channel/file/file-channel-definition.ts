import path from 'node:path'
import { z } from 'zod'
import { defineChannel } from '../../component/definition.ts'
import { choice, flag, named, text, whole } from '../../component/settings.ts'
import { channelFolder } from './channel-folder.ts'
import { readKeyFile } from './encryption-keys.ts'
import { FileChannel } from './file-channel.ts'

const megabyte = 1 << 20

/** Flume's own keys that mean nothing here: accepted, so that its files load, and said to be needless. */
const needless = (setting: z.ZodType, why: string) => setting.optional().describe(`Not needed: ${why}`)

const settings = z.object({
  capacity: whole(1).default(1_000_000).describe('Most events that wait in the channel.'),
  transactionCapacity: whole(1).default(10_000).describe('Most events of one put or one take.'),
  byteCapacity: whole(1)
    .optional()
    .describe('Most bytes that wait in the channel, headers included; unlimited by default.'),
  'keep-alive': whole().default(3).describe('Seconds that a put waits for room.'),
  minimumRequiredSpace: whole(megabyte)
    .default(524_288_000)
    .describe('Bytes that must stay free on the disk: below, nothing is let in until there is room again.'),
  dataDirs: text()
    .optional()
    .describe("The channel's folder; of several, the first. Default: below the agent's folder."),
  maxFileSize: whole(megabyte, 2_146_435_071)
    .default(64 * megabyte)
    .describe('Bytes of one segment file; drained segments are deleted at once.'),
  compression: choice(['none', 'zstd'])
    .default('none')
    .describe('Compresses batches of 64 kB and more: a quarter of the disk for two to three times the CPU.'),
  encryptionKeyFile: text()
    .optional()
    .describe(
      'A file with keys of 64 hexadecimal digits, one a line: the first encrypts events at rest (AES-256-GCM), the ' +
        'others still decrypt.',
    ),
  checkpointDir: needless(text(), 'the index lies beside the data.'),
  checkpointInterval: needless(whole(), 'the index is brought up to date with every write.'),
  useDualCheckpoints: needless(flag(), 'the index can be made again from the data.'),
  backupCheckpointDir: needless(text(), 'the index can be made again from the data.'),
  compressBackupCheckpoint: needless(flag(), 'there is no backup checkpoint.'),
  checkpointOnClose: needless(flag(), 'closing leaves the index complete.'),
  fsyncPerTransaction: needless(flag(), 'every put is on the disk before it is acknowledged; puts share a sync.'),
  fsyncInterval: needless(whole(), 'every put is on the disk before it is acknowledged.'),
  'use-log-replay-v1': needless(flag(), 'nothing is replayed.'),
  'use-fast-replay': needless(flag(), 'nothing is replayed.'),
  'encryption.*': named()
    .default({})
    .refine((keys) => Object.keys(keys).length === 0, {
      message: "Flume's encryption keys do not apply: put the keys into a file and name it in encryptionKeyFile",
    })
    .describe("Flume's keys for encryption; refused: use encryptionKeyFile."),
})

export const fileChannel = defineChannel({
  type: 'file',
  aliases: ['org.apache.flume.channel.file.FileChannel'],
  summary:
    'Keeps events on disk: what it has acknowledged survives a crash and a power cut. Opens at once, whatever waits in it.',
  differences: [
    'There is no replay: the SQLite index follows every write, so checkpoint settings are accepted and not needed.',
    'capacity may be changed at any time; more than the new capacity may wait inside, then nothing is let in until below.',
    'One bad record goes to quarantine and the flow goes on; Flume stops at it until a tool is run.',
    'Encryption is AES-256-GCM with a fresh nonce for each batch and takes a key file (encryptionKeyFile); Flume uses one key stream for every record of a file.',
    'Without dataDirs the folder is channels/<name> below the data directory of the agent, so that several file channels need no settings.',
    'maxFileSize is 67108864 by default: space comes back in smaller steps.',
  ],
  settings: settings.refine((value) => value.transactionCapacity <= value.capacity, {
    path: ['transactionCapacity'],
    message: 'must not be larger than capacity',
  }),
  create(value, context) {
    const folder = channelFolder(value.dataDirs, context)
    const keyFile = value.encryptionKeyFile
    return new FileChannel(
      {
        folder,
        capacity: value.capacity,
        byteCapacity: value.byteCapacity ?? Infinity,
        keepAlive: value['keep-alive'] * 1000,
        transactionCapacity: value.transactionCapacity,
        minimumRequiredSpace: value.minimumRequiredSpace,
        segmentSize: value.maxFileSize,
        codec: {
          compression: value.compression,
          keys: keyFile === undefined ? [] : readKeyFile(path.resolve(context.baseDirectory, keyFile)),
        },
        reserve: 16 * megabyte,
        hotTail: 32 * megabyte,
      },
      context,
    )
  },
})
