/** Flows whose events come from files and programs. */
import { appendFileSync, renameSync, statSync, truncateSync, utimesSync } from 'node:fs'
import { type Flow, inPlace } from './flow.ts'
import type { Place } from './place.ts'
import type { Settings } from '../agent-file.ts'
import { readContainers } from '../avro-events.ts'
import { logger, straight, toFile } from './straight.ts'

const spooldir = (folder: string, more: Settings = {}): Settings => ({
  type: 'spooldir',
  spoolDir: inPlace(folder),
  ...more,
})

const taildir = (folder: string, more: Settings = {}): Settings => ({
  type: 'TAILDIR',
  filegroups: 'g',
  'filegroups.g': inPlace(folder, '.*\\.log'),
  positionFile: inPlace(`${folder}.position.json`),
  ...more,
})

/** The folder of the run has another name on each side. */
const withoutPlace = (place: Place, text: string) => text.replaceAll(place.directory, 'PLACE')

const wait = (place: Place, folder: string, name: string) =>
  place.until(`${name} in ${folder}`, () => place.names(folder).includes(name))

export const fileFlows: readonly Flow[] = [
  {
    name: 'spooldir: basenameHeader',
    parts: straight('sb', spooldir('sb', { basenameHeader: true }), toFile('sb', 'header_and_text')),
    play: async (place) => {
      place.write('sb/a.txt', 'one\ntwo größe\n\nfour\r\nno newline')
      await wait(place, 'sb', 'a.txt.COMPLETED')
      place.write('sb/b.txt', 'more\n')
      await place.lines('out/sb', 6)
      await wait(place, 'sb', 'b.txt.COMPLETED')
      return {}
    },
    left: (place) => ({ file: place.rolled('out/sb'), names: place.names('sb') }),
  },
  {
    name: 'spooldir: fileHeader, fileHeaderKey, fileSuffix',
    parts: straight(
      'sf',
      spooldir('sf', { fileHeader: true, fileHeaderKey: 'path', fileSuffix: '.done' }),
      toFile('sf', 'header_and_text'),
    ),
    play: async (place) => {
      place.write('sf/a.txt', 'one\n')
      place.write('sf/b.txt.done', 'not read\n')
      await place.lines('out/sf', 1)
      await wait(place, 'sf', 'a.txt.done')
      return {}
    },
    left: (place) => ({ file: withoutPlace(place, place.rolled('out/sf')), names: place.names('sf') }),
  },
  {
    name: 'spooldir: deletePolicy = immediate, ignorePattern, includePattern, hidden files',
    parts: straight(
      'si',
      spooldir('si', { deletePolicy: 'immediate', ignorePattern: '.*\\.tmp', includePattern: '[a-z.]+' }),
      toFile('si'),
    ),
    play: async (place) => {
      for (const name of ['a.tmp', '.hidden', 'A.txt', 'a.tmpx', 'b.txt']) place.write(`si/${name}`, `${name}\n`)
      await place.lines('out/si', 2)
      await place.until(
        'two files deleted',
        () => place.names('si').filter((name) => !name.startsWith('.flume')).length === 3,
      )
      return {}
    },
    left: (place) => ({
      lines: place.rolled('out/si').split('\n').sort(),
      names: place.names('si'),
    }),
  },
  {
    name: 'spooldir: an empty file',
    parts: straight('se', spooldir('se', { basenameHeader: true }), toFile('se', 'header_and_text')),
    play: async (place) => {
      place.write('se/empty.txt', '')
      await wait(place, 'se', 'empty.txt.COMPLETED')
      await place.lines('out/se', 1)
      return {}
    },
    left: (place) => ({ file: place.rolled('out/se') }),
  },
  {
    name: 'spooldir: deserializer.maxLineLength',
    parts: straight('sm', spooldir('sm', { 'deserializer.maxLineLength': 10 }), toFile('sm')),
    play: async (place) => {
      place.write('sm/a.txt', '0123456789\n0123456789abc\n0123456789abcdefghijklm\nshort\n')
      await wait(place, 'sm', 'a.txt.COMPLETED')
      await place.lines('out/sm', 7)
      return {}
    },
    left: (place) => ({ file: place.rolled('out/sm') }),
    differs: {
      file: {
        name: 'Long lines in a spooling folder',
        flume: '0123456789\n\n0123456789\nabc\n0123456789\nabcdefghij\nklm\nshort\n',
        sluice: '0123456789\n0123456789\nabc\n0123456789\nabcdefghij\nklm\nshort\n',
      },
    },
    unsteady: true,
  },
  {
    name: 'spooldir: deserializer.maxLineLength and more than ASCII',
    parts: straight('su', spooldir('su', { 'deserializer.maxLineLength': 10 }), toFile('su')),
    play: async (place) => {
      place.write('su/a.txt', 'ääääääääääää\n')
      await wait(place, 'su', 'a.txt.COMPLETED')
      await place.lines('out/su', 2)
      return {}
    },
    left: (place) => ({ file: place.rolled('out/su') }),
    differs: {
      file: {
        name: 'Long lines in a spooling folder',
        flume: 'ääääääääää\nää\n',
        sluice: 'äääää\näääää\nää\n',
      },
    },
    unsteady: true,
  },
  {
    name: 'spooldir: inputCharset, decodeErrorPolicy',
    parts: straight('sr', spooldir('sr', { inputCharset: 'UTF-8', decodeErrorPolicy: 'REPLACE' }), toFile('sr')),
    play: async (place) => {
      place.write('sr/a.txt', Buffer.from('good\nb\xffd\n\xe4\xb8\n\xf0\x9f\x98\x80\n', 'latin1'))
      await wait(place, 'sr', 'a.txt.COMPLETED')
      await place.lines('out/sr', 4)
      return {}
    },
    left: (place) => ({ file: place.rolled('out/sr') }),
  },
  {
    name: 'spooldir: trackingPolicy = tracker_dir',
    parts: straight('st', spooldir('st', { trackingPolicy: 'tracker_dir' }), toFile('st')),
    play: async (place) => {
      place.write('st/a.txt', 'one\n')
      await place.lines('out/st', 1)
      await wait(place, 'st', '.flumespool/a.txt.COMPLETED')
      return {}
    },
    left: (place) => ({
      file: place.rolled('out/st'),
      names: place.names('st').filter((name) => !name.endsWith('.meta')),
    }),
  },
  {
    name: 'spooldir: folders within the folder',
    parts: straight(
      'sd',
      spooldir('sd', { recursiveDirectorySearch: true, basenameHeader: true }),
      toFile('sd', 'header_and_text'),
    ),
    play: async (place) => {
      place.write('sd/deep/deeper/a.txt', 'one\n')
      await wait(place, 'sd', 'deep/deeper/a.txt.COMPLETED')
      await place.lines('out/sd', 1)
      return {}
    },
    left: (place) => ({ file: place.rolled('out/sd'), names: place.names('sd') }),
  },
  {
    name: 'spooldir: consumeOrder',
    parts: straight('so', spooldir('so', { consumeOrder: 'youngest', pollDelay: 1000 }), toFile('so')),
    prepare: (place) => {
      for (const [name, age] of [
        ['b', 30],
        ['a', 20],
        ['c', 10],
      ] as const) {
        place.write(`so/${name}`, `${name}\n`)
        utimesSync(place.path('so', name), Date.now() / 1000 - age, Date.now() / 1000 - age)
      }
    },
    play: async (place) => {
      await place.lines('out/so', 3)
      return {}
    },
    left: (place) => ({ file: place.rolled('out/so') }),
  },
  {
    name: 'spooldir → timestamp → memory',
    parts: straight(
      'sx',
      { ...spooldir('sx'), interceptors: 'i', 'interceptors.i.type': 'timestamp' },
      toFile('sx', 'header_and_text'),
    ),
    play: async (place) => {
      place.write('sx/a.txt', 'one\ntwo\n')
      await place.lines('out/sx', 2)
      return {}
    },
    left: (place) => ({ file: place.rolled('out/sx').replaceAll(/=\d{13}}/g, '=TIME}') }),
  },
  {
    name: 'taildir: file groups, headers, fileHeader, byteOffsetHeader',
    parts: straight(
      'td',
      {
        ...taildir('td'),
        filegroups: 'g h',
        'filegroups.h': inPlace('td', 'other'),
        'headers.g.kind': 'log',
        'headers.g.more': 'a b=c',
        'headers.h.kind': 'other',
        byteOffsetHeader: true,
        fileHeader: true,
      },
      toFile('td', 'avro_event'),
    ),
    play: async (place) => {
      place.write('td/a.log', 'one\ntwo größe\n\ncarriage\r\nunfinished')
      place.write('td/other', 'x\n')
      place.write('td/neither', 'not read\n')
      await place.until('five events', async () => (await tailed(place)).length >= 5)
      appendFileSync(place.path('td/a.log'), ' and finished\n')
      await place.until('six events', async () => (await tailed(place)).length >= 6)
      return {}
    },
    left: async (place) => ({ events: (await tailed(place)).sort() }),
  },
  {
    name: 'taildir: positionFile',
    parts: straight('tp', taildir('tp', { writePosInterval: 200 }), toFile('tp')),
    play: async (place) => {
      place.write('tp/a.log', 'one\ntwo\nunfinished')
      await place.lines('out/tp', 2)
      await place.until('the position', () => place.positions('tp').some(({ pos }) => pos === 8))
      return {}
    },
    left: (place) => ({
      file: place.rolled('out/tp'),
      positions: place.positions('tp').map((position) => ({
        ...position,
        inode: position.inode === statSync(place.path('tp/a.log')).ino,
        file: withoutPlace(place, position.file),
      })),
    }),
  },
  {
    name: 'taildir: skipToEnd',
    parts: straight('tk', { ...taildir('tk'), skipToEnd: true }, toFile('tk')),
    prepare: (place) => place.write('tk/a.log', 'before the start\n'),
    play: async (place) => {
      await place.until('the position', () => place.positions('tk').some(({ pos }) => pos === 17))
      appendFileSync(place.path('tk/a.log'), 'after\n')
      await place.lines('out/tk', 1)
      return {}
    },
    left: (place) => ({ file: place.rolled('out/tk') }),
  },
  {
    name: 'taildir: a file that is cut to nothing and written anew',
    parts: straight('tc', taildir('tc'), toFile('tc')),
    play: async (place) => {
      place.write('tc/a.log', 'one\ntwo\n')
      await place.lines('out/tc', 2)
      truncateSync(place.path('tc/a.log'), 0)
      appendFileSync(place.path('tc/a.log'), 'new\n')
      await place.lines('out/tc', 3)
      return {}
    },
    left: (place) => ({ file: place.rolled('out/tc') }),
  },
  {
    name: 'taildir: a file that is renamed within the pattern',
    parts: straight('tr', { ...taildir('tr'), 'filegroups.g': inPlace('tr', 'a\\.log.*') }, toFile('tr')),
    play: async (place) => {
      place.write('tr/a.log', 'one\n')
      await place.lines('out/tr', 1)
      renameSync(place.path('tr/a.log'), place.path('tr/a.log.1'))
      // Long enough for a look of either, so that the two files are not seen at the same time.
      await new Promise((resolve) => setTimeout(resolve, 3000))
      place.write('tr/a.log', 'two\n')
      await place.until('the second line', () => place.rolled('out/tr').endsWith('two\n'))
      return {}
    },
    left: (place) => ({ file: place.rolled('out/tr') }),
    differs: { file: { name: 'Renamed files', flume: 'one\none\ntwo\n', sluice: 'one\ntwo\n' } },
    unsteady: true,
  },
  {
    name: 'exec',
    parts: straight('ex', { type: 'exec', command: `printf ex%sline\\r\\nex%stwo\\n\\nex%sunfinished 1 2 3` }, logger),
    play: async (place) => ({ log: await place.logged(' body: 65 78 ', 3) }),
  },
  {
    name: 'exec: shell',
    parts: straight(
      'es',
      { type: 'exec', shell: '/bin/sh -c', command: 'for n in 1 2 3; do echo "line  $n"; done | tac; echo lost >&2' },
      toFile('es'),
    ),
    play: async (place) => {
      await place.lines('out/es', 3)
      return {}
    },
    left: (place) => ({ file: place.rolled('out/es') }),
  },
  {
    name: 'exec: restart',
    parts: straight(
      'er',
      { type: 'exec', command: 'echo again', restart: true, restartThrottle: 300 },
      toFile('er', 'text', { 'sink.batchSize': 1 }),
    ),
    play: async (place) => {
      await place.lines('out/er', 2)
      return {}
    },
    left: (place) => ({ start: place.rolled('out/er').slice(0, 12) }),
    unsteady: true,
  },
  {
    name: 'seq: batchSize, totalEvents',
    parts: straight('sq', { type: 'seq', batchSize: 10, totalEvents: 25 }, toFile('sq')),
    play: async (place) => {
      await place.lines('out/sq', 25)
      return {}
    },
    left: (place) => ({ file: place.rolled('out/sq') }),
  },
]

async function tailed(place: Place): Promise<string[]> {
  const events = await readContainers(place.path('out/td')).catch(() => [])
  return events.map((event) => withoutPlace(place, event))
}
