import { z } from 'zod'
import {
  defineChannel,
  defineInterceptor,
  defineProcessor,
  defineSelector,
  defineSerializer,
  defineSink,
  defineSource,
} from '../../../core/component/definition.ts'
import { ComponentRegistry } from '../../../core/component/registry.ts'
import {
  choice,
  commas,
  flag,
  named,
  nested,
  port,
  secret,
  text,
  whole,
  words,
} from '../../../core/component/settings.ts'

const never = () => {
  throw new Error('nothing is created while a configuration is read')
}

/** Definitions with every kind of key, so that what configuration does is tested apart from any real component. */
export function sampleRegistry(): ComponentRegistry {
  return new ComponentRegistry([
    defineSource({
      type: 'netcat',
      aliases: ['org.apache.flume.source.NetcatSource'],
      summary: 'Lines from a port.',
      settings: z.object({
        bind: text().describe('address'),
        port: port().describe('port to listen on'),
        'max-line-length': whole(1).default(512),
        'ack-every-event': flag().default(true),
        'keystore-password': secret().optional(),
      }),
      create: never,
    }),
    defineSource({
      type: 'taildir',
      aliases: [],
      summary: 'Follows files.',
      settings: z.object({
        filegroups: words(),
        'filegroups.*': named(),
        'headers.*': named(),
        batchSize: whole(1).default(100),
      }),
      create: never,
    }),
    defineChannel({
      type: 'memory',
      aliases: [],
      summary: 'Events in memory.',
      settings: z.object({
        capacity: whole(1).default(100),
        transactionCapacity: whole(1).default(100),
        dataDirs: commas().optional(),
      }),
      create: never,
    }),
    defineSink({
      type: 'logger',
      aliases: [],
      summary: 'Writes events to the log.',
      settings: z.object({ maxBytesToLog: whole().default(16) }),
      create: never,
    }),
    defineSink({
      type: 'avro',
      aliases: [],
      summary: 'To the next tier.',
      settings: z.object({
        hostname: text(),
        port: port(),
        'batch-size': whole(1).default(100),
        'compression-type': choice(['none', 'deflate']).default('none'),
      }),
      create: never,
    }),
    defineSink({
      type: 'file_roll',
      aliases: [],
      summary: 'Files.',
      settings: z.object({
        'sink.directory': text(),
        'sink.serializer': nested('serializer').default('text'),
        'sink.serializer.*': named(),
      }),
      create: never,
    }),
    defineInterceptor({
      type: 'static',
      aliases: [],
      summary: 'A header.',
      settings: z.object({ key: text().default('key'), value: text().default('value') }),
      create: never,
    }),
    defineSelector({
      type: 'replicating',
      aliases: [],
      summary: 'All channels.',
      settings: z.object({ optional: words().optional() }),
      create: never,
    }),
    defineSelector({
      type: 'multiplexing',
      aliases: [],
      summary: 'By header.',
      settings: z.object({ header: text().optional(), default: words().optional(), 'mapping.*': named() }),
      create: never,
    }),
    defineProcessor({ type: 'default', aliases: [], summary: 'One sink.', settings: z.object({}), create: never }),
    defineProcessor({
      type: 'failover',
      aliases: [],
      summary: 'The best that works.',
      settings: z.object({ 'priority.*': named(), maxpenalty: whole(1).default(30000) }),
      create: never,
    }),
    defineProcessor({ type: 'load_balance', aliases: [], summary: 'In turn.', settings: z.object({}), create: never }),
    defineSerializer({
      type: 'text',
      aliases: [],
      summary: 'Bodies.',
      settings: z.object({ appendNewline: flag().default(true) }),
      create: never,
    }),
  ])
}
