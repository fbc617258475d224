/** What a spooling folder makes of files that are not lines. */
import avsc from 'avsc'
import { expect } from 'vitest'
import { avroBytes, avroContainer } from '../../avro-container.ts'
import type { Settings } from '../agent-file.ts'
import { readContainers } from '../avro-events.ts'
import { type Flow, inPlace } from './flow.ts'
import type { Place } from './place.ts'
import { straight, toFile } from './straight.ts'

const spooldir = (folder: string, deserializer: string, more: Settings = {}): Settings => ({
  type: 'spooldir',
  spoolDir: inPlace(folder),
  basenameHeader: true,
  deserializer,
  ...more,
})

/** Bodies are bytes and headers count: both are in a container file. */
const flow = (
  name: string,
  folder: string,
  source: Settings,
  rest: Pick<Flow, 'play' | 'differs' | 'unsteady'>,
): Flow => ({
  name: `spooldir: ${name}`,
  parts: straight(folder, source, toFile(folder, 'avro_event')),
  left: async (place) => ({
    events: (await readContainers(place.path('out', folder))).sort(),
    names: place.names(folder).filter((one) => !one.startsWith('.flume')),
  }),
  ...rest,
})

const done = (place: Place, folder: string, name: string) =>
  place.until(`${name} done in ${folder}`, () => place.names(folder).includes(`${name}.COMPLETED`))

/** In the order of keys in which Java writes a schema: then the literal is the same text. */
const schema = {
  type: 'record',
  name: 'Measure',
  namespace: 'org.example',
  doc: 'größe',
  fields: [
    { name: 'at', type: 'long' },
    { name: 'name', type: ['null', 'string'], default: null },
    { name: 'values', type: { type: 'array', items: 'double' } },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['ONE', 'TWO'] } },
    { name: 'four', type: { type: 'fixed', name: 'Four', size: 4 } },
    { name: 'tags', type: { type: 'map', values: 'bytes' } },
    { name: 'inner', type: ['null', 'Measure'], default: null },
  ],
}
const type = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: false })

const measures = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const one = {
      at: index * 1e12,
      name: index % 2 === 0 ? null : `name ${index}`,
      values: Array.from({ length: index % 4 }, (_unused, at) => at / 7),
      kind: index % 3 === 0 ? 'ONE' : 'TWO',
      four: Buffer.from([index, 1, 2, 3]),
      tags: { [`tag ${index}`]: Buffer.from([index]) },
    }
    return type.toBuffer({ ...one, inner: index % 5 === 0 ? { ...one, inner: null } : null })
  })

const avroFile = (codec: string) => avroContainer(schema, [measures(30), measures(1), measures(100)], codec)
/** Flume's deserializer takes records only; one of one field has the bytes of that field. */
const lineSchema = { type: 'record', name: 'Line', fields: [{ name: 'text', type: 'string' }] }
const line = (text: string) => avroContainer(lineSchema, [[avroBytes(text)]])
const damaged = Buffer.concat([line('good').subarray(0, -1), Buffer.from([0])])

export const deserializerFlows: readonly Flow[] = [
  flow('AVRO', 'av', spooldir('av', 'AVRO'), {
    play: async (place) => {
      for (const codec of ['null', 'deflate', 'snappy']) place.write(`av/${codec}`, avroFile(codec))
      for (const codec of ['null', 'deflate', 'snappy']) await done(place, 'av', codec)
      return {}
    },
  }),
  flow(
    'AVRO, schemaType = LITERAL',
    'al',
    spooldir('al', 'org.apache.flume.serialization.AvroEventDeserializer$Builder', {
      'deserializer.schemaType': 'literal',
    }),
    {
      play: async (place) => {
        place.write('al/a', avroFile('null'))
        place.write('al/b', line('größe'))
        await done(place, 'al', 'a')
        await done(place, 'al', 'b')
        return {}
      },
    },
  ),
  flow('an Avro file without a datum', 'an', spooldir('an', 'AVRO'), {
    play: async (place) => {
      place.write('an/a', avroContainer(lineSchema, []))
      await done(place, 'an', 'a')
      return {}
    },
    differs: {
      events: {
        name: 'Avro files without a datum',
        flume: ['[["basename","a"]] '],
        sluice: [],
      },
    },
    unsteady: true,
  }),
  flow('a damaged Avro file', 'ad', spooldir('ad', 'AVRO'), {
    play: async (place) => {
      place.write('ad/a', damaged)
      // Long enough for a look of either, so that the two files are not seen at the same time.
      await new Promise((resolve) => setTimeout(resolve, 2000))
      place.write('ad/b', line('two'))
      await new Promise((resolve) => setTimeout(resolve, 2000))
      return {}
    },
    differs: {
      names: { name: 'Damaged files in a spooling folder', flume: ['a', 'b'], sluice: ['a', 'b.COMPLETED'] },
      events: {
        name: 'Damaged files in a spooling folder',
        flume: [],
        sluice: [expect.stringContaining('"basename","b"')],
      },
    },
    unsteady: true,
  }),
  flow(
    'BlobDeserializer, maxBlobLength',
    'bl',
    spooldir('bl', 'org.apache.flume.sink.solr.morphline.BlobDeserializer$Builder', {
      'deserializer.maxBlobLength': 10,
    }),
    {
      play: async (place) => {
        const files = { a: 'one\ntwo\r\n\0', b: '0123456789', c: '0123456789abcdefghijklm', empty: '' }
        for (const [name, content] of Object.entries(files)) place.write(`bl/${name}`, content)
        for (const name of Object.keys(files)) await done(place, 'bl', name)
        return {}
      },
    },
  ),
]
