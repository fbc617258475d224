import { getProperties } from 'properties-file'
import { describe, expect, it } from 'vitest'
import { parseAddress, parseListen, parsePort } from '../../core/cli/command/address.ts'
import { dataHome } from '../../core/cli/command/data-home.ts'
import { propertiesText } from '../../core/config/properties-text.ts'
import { collectFlow, fileGroup, relayFlow } from '../../core/cli/command/tier-flow.ts'

describe('generated properties', () => {
  it('come back as they were, whatever is in them', () => {
    const values = [' leading', 'C:\\logs\\a b', 'ü€😀', 'a=b:c#d!e', 'two\nlines\r', '#x', '']
    const text = propertiesText(values.map((value, index) => [`k ${index}=:#!\\ü`, value]))
    expect(/^[\t\n\u0020-\u007e]*$/.test(text)).toBe(true)
    expect(getProperties(text)).toEqual(Object.fromEntries(values.map((value, i) => [`k ${i}=:#!\\ü`, value])))
  })

  it('write a reference that is none so that it stays as it is', () => {
    expect(propertiesText([['k', '/logs/${x}/$y']])).toBe('k = /logs/$${x}/$y\n')
  })

  it('make a relay of folders, files and ports', () => {
    const properties = getProperties(
      propertiesText(
        relayFlow({
          agent: 'a',
          watches: [
            { path: '/var/log/app', folder: true },
            { path: '/var/log/x(1).log', folder: false },
          ],
          listens: [parseListen('netcat:0'), parseListen('netcat:[::]:5555')],
          to: parseAddress('up.example.org:4141', '--to'),
        }),
      ),
    )
    expect(properties).toMatchObject({
      'a.sources': 'files netcat1 netcat2',
      'a.sources.files.filegroups': 'g1 g2',
      'a.sources.files.filegroups.g1': '/var/log/app/.*',
      'a.sources.files.filegroups.g2': '/var/log/x\\(1\\)\\.log',
      'a.sources.files.fileHeader': 'true',
      'a.sources.netcat1.bind': '127.0.0.1',
      'a.sources.netcat2.bind': '::',
      'a.channels.backlog.type': 'file',
      'a.sinks.upstream.hostname': 'up.example.org',
      'a.sinks.upstream.batch-size': '5000',
    })
  })

  it('make a collector that writes bodies as lines', () => {
    const listen = { host: '0.0.0.0', port: 4141 }
    const properties = getProperties(propertiesText(collectFlow({ agent: 'a', listen, out: '/out', rollSeconds: 60 })))
    expect(properties).toMatchObject({
      'a.sources.arrivals.type': 'avro',
      'a.channels.arrived.type': 'file',
      'a.sinks.lines.type': 'file_roll',
      'a.sinks.lines.sink.serializer': 'text',
      'a.sinks.lines.sink.directory': '/out',
    })
  })

  it('watch a folder on Windows too', () => {
    expect(fileGroup({ path: 'C:\\logs\\', folder: true })).toBe('C:/logs/.*')
  })
})

describe('addresses', () => {
  it('are read with and without brackets', () => {
    expect(parseAddress('a.b:1', '--to')).toEqual({ host: 'a.b', port: 1 })
    expect(parseAddress('[::1]:65535', '--to')).toEqual({ host: '::1', port: 65535 })
    expect(parseListen('http:0.0.0.0:80')).toEqual({ type: 'http', host: '0.0.0.0', port: 80 })
  })

  it.each(['host', 'host:', ':1', 'host:0', 'host:65536', 'host:1x', '::1:4141', 'a b:1'])('%s is refused', (text) => {
    expect(() => parseAddress(text, '--to')).toThrow(/^--to: /)
  })

  it.each(['netcat', '5555', 'syslog:514', 'netcat:x'])('--listen %s is refused with what would be right', (text) => {
    expect(() => parseListen(text)).toThrow(/give/)
  })

  it('name the argument that holds a bad port', () => {
    expect(() => parsePort('-1', '--port')).toThrow('--port: "-1" is no port: give a number from 0 to 65535')
  })
})

describe("the user's data folder", () => {
  const of = (platform: NodeJS.Platform, environment: Record<string, string> = {}) =>
    dataHome({ platform, environment, homeDirectory: '/home/u' })
  it('is where each system wants it', () => {
    expect(of('linux')).toBe('/home/u/.local/share/sluice')
    expect(of('linux', { XDG_DATA_HOME: '/data' })).toBe('/data/sluice')
    expect(of('linux', { XDG_DATA_HOME: 'relative' })).toBe('/home/u/.local/share/sluice')
    expect(of('darwin')).toBe('/home/u/Library/Application Support/Sluice')
  })
})
