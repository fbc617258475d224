import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getProperties } from 'properties-file'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkFlowPorts, flowPorts } from '../../core/cli/command/flow-ports.ts'
import { freePort } from '../../core/cli/command/free-port.ts'
import { openWorkspace } from '../../core/cli/command/workspace.ts'

describe('a workspace', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-workspace-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  it('is made at the first start and left alone at the second', async () => {
    const first = await openWorkspace(join(directory, 'a', 'b'))
    expect(first.fresh).toBe(true)
    const flow = getProperties(readFileSync(first.flow, 'utf8'))
    expect(flow['edge.sinks.upstream.port']).toBe(flow['collector.sources.arrivals.port'])
    expect(flow['edge.sources.netcat1.port']).not.toBe(flow['edge.sinks.upstream.port'])
    expect(flow['edge.sources.files.filegroups.g1']).toBe(`${first.directory}/inbox/.*`)
    expect(readdirSync(first.directory).sort()).toEqual(['collected', 'data', 'flow.properties', 'inbox'])
    writeFileSync(first.flow, '# mine\n')
    expect(await openWorkspace(first.directory)).toEqual({ ...first, fresh: false })
    expect(readFileSync(first.flow, 'utf8')).toBe('# mine\n')
  })

  it('says what to do when the folder cannot be used', async () => {
    const file = join(directory, 'file')
    writeFileSync(file, '')
    await expect(openWorkspace(file)).rejects.toThrow(/cannot be used: .*--workspace DIR/)
  })
})

describe("a flow's ports", () => {
  const flow = (port: number) => `edge.sources.r.type = netcat
edge.sources.r.bind = 127.0.0.1
edge.sources.r.port = ${port}
edge.sources.u.type = netcatudp
edge.sources.u.port = ${port}
edge.sinks.k.port = ${port}
`
  it('are those of its sources, and one in use is named with where to change it', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    expect(flowPorts(flow(port))).toEqual([{ key: 'edge.sources.r.port', host: '127.0.0.1', port }])
    await expect(checkFlowPorts(flow(port), '/w/flow.properties')).rejects.toThrow(
      `127.0.0.1:${port} is in use by another program (or this workspace is open already). Stop that one, or write ` +
        'another port for edge.sources.r.port into /w/flow.properties',
    )
    await new Promise((resolve) => server.close(resolve))
    await checkFlowPorts(flow(port), '/w/flow.properties')
  })

  it('are not those at an address that only the configuration knows once it is loaded', () => {
    expect(flowPorts('a.sources.r.bind = ${BIND}\na.sources.r.port = 4444\n')).toEqual([])
  })
})

describe('a free port', () => {
  it('is the first from the preferred one on that nobody listens on', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const taken = typeof address === 'object' && address !== null ? address.port : 0
    expect(await freePort('127.0.0.1', taken)).toBeGreaterThan(taken)
    await new Promise((resolve) => server.close(resolve))
    expect(await freePort('127.0.0.1', taken)).toBe(taken)
  })
})
