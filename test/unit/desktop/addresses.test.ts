import { describe, expect, it } from 'vitest'
import { linkAmong, placeOfLink } from '../../../electron/deep-link.ts'
import { externalAddress } from '../../../electron/external-links.ts'
import { launchOptions } from '../../../electron/launch-options.ts'
import { isOurPage } from '../../../electron/page-protocol.ts'

describe('a sluice:// link', () => {
  it('leads to a view, or to a part in it', () => {
    expect(placeOfLink('sluice://flow')).toBe('/flow')
    expect(placeOfLink('sluice://events/')).toBe('/events')
    expect(placeOfLink('sluice://channel/c1')).toBe('/channel/c1')
    expect(placeOfLink('sluice://backlog/my%20channel')).toBe('/backlog/my%20channel')
    expect(placeOfLink('sluice://sources/r%C3%A9')).toBe('/sources/r%C3%A9')
    expect(placeOfLink('sluice://channel/c1?do=drain#now')).toBe('/channel/c1')
  })

  it.each([
    'sluice://stop',
    'sluice://app/index.html',
    'sluice://channel/..%2Fevents',
    'sluice://channel/a/b',
    'sluice://channel/%00',
    'sluice://channel/%ff',
    `sluice://channel/${'x'.repeat(301)}`,
    'sluice://events/part',
    'sluice://user@channel/c1',
    'sluice://channel:80/c1',
    'https://channel/c1',
    'channel/c1',
    '',
  ])('leads nowhere when it is %s', (link) => expect(placeOfLink(link)).toBeUndefined())

  it('is found among the arguments of a second start', () => {
    expect(linkAmong(['electron', '.', '--hidden', 'sluice://flow'])).toBe('sluice://flow')
    expect(linkAmong(['electron', '.'])).toBeUndefined()
  })
})

describe('an address', () => {
  it('is our page by its parsed host, not by how it begins', () => {
    expect(isOurPage('sluice://app/index.html#/flow')).toBe(true)
    for (const other of [
      'sluice://app.evil/',
      'sluice://app@evil/',
      'sluice://x@app/',
      'https://app/',
      'sluice:app',
      '',
    ])
      expect(isOurPage(other)).toBe(false)
  })

  it('is opened outside only when it is https on a known host', () => {
    expect(externalAddress('https://nodejs.org/en')).toBe('https://nodejs.org/en')
    for (const other of [
      'http://nodejs.org/',
      'https://nodejs.org.evil/',
      'https://nodejs.org:8443/',
      'file:///bin/sh',
    ])
      expect(externalAddress(other)).toBeUndefined()
    expect(externalAddress('https://a:b@nodejs.org/')).toBeUndefined()
  })
})

it('the arguments of a start are told from those of Chromium', () => {
  const args = ['electron', '.', '--no-sandbox', '--workspace=here', '--hidden']
  expect(launchOptions(args, '/home/u')).toEqual({
    ...{ workspace: '/home/u/here', hidden: true },
    ...{ devtools: false, smoke: false },
  })
  expect(launchOptions(['electron', '--workspace='], '/').workspace).toBeUndefined()
})
