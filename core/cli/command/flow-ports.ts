import { getProperties } from 'properties-file'
import { SluiceError } from '../../errors.ts'
import { addressText, type Address } from './address.ts'
import { portTaken } from './free-port.ts'

export interface FlowPort extends Address {
  /** The key that names the port: `edge.sources.netcat1.port`. */
  readonly key: string
}

/** The TCP ports that the sources of a flow (`.properties` text) will take. */
export function flowPorts(text: string): FlowPort[] {
  const properties = getProperties(text) as Record<string, string | undefined>
  return Object.entries(properties).flatMap(([key, value = '']) => {
    const source = /^([^.]+\.sources\.[^.]+)\.port$/.exec(key)?.[1]
    if (source === undefined || !/^\d+$/.test(value) || /udp$/i.test(properties[`${source}.type`] ?? '')) return []
    const host = properties[`${source}.bind`] ?? '0.0.0.0'
    // Where a reference leads is known when the configuration is loaded.
    return host.includes('${') ? [] : [{ key, host, port: Number(value) }]
  })
}

/**
 * Rejects when something else has one of a flow's ports. An agent would try again until the port is free; who has just
 * typed `npm start` wants to be told.
 */
export async function checkFlowPorts(text: string, file: string): Promise<void> {
  for (const port of flowPorts(text))
    if (await portTaken(port.host, port.port))
      throw new SluiceError(
        'SLUICE_LISTEN',
        `${addressText(port)} is in use by another program (or this workspace is open already). Stop that one, or write ` +
          `another port for ${port.key} into ${file}`,
        { details: { key: port.key, file, port: port.port } },
      )
}
