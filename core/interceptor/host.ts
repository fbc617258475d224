import { hostname, networkInterfaces } from 'node:os'
import { z } from 'zod'
import { defineInterceptor } from '../component/definition.ts'
import { flag, text } from '../component/settings.ts'
import { FixedHeaderInterceptor } from './fixed-header.ts'

/** The first address of this machine that others can reach: IPv4 before IPv6; loopback when there is no other. */
export function localAddress(interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces()): string {
  const addresses = Object.values(interfaces).flatMap((list) => list ?? [])
  const outward = addresses.filter((one) => !one.internal)
  const best = outward.find((one) => one.family === 'IPv4') ?? outward[0]
  return best?.address ?? '127.0.0.1'
}

export const hostInterceptor = defineInterceptor({
  type: 'host',
  aliases: ['org.apache.flume.interceptor.HostInterceptor$Builder'],
  summary: 'Sets a header to the address or the name of the machine that the agent runs on.',
  differences: [
    'The address is that of the first network interface, not what the host name resolves to (often 127.0.1.1).',
    'The name is the host name as the system has it; it is not looked up in the DNS.',
  ],
  settings: z.object({
    hostHeader: text().default('host').describe('The header that is set.'),
    useIP: flag().default(true).describe('Whether the address is set; otherwise the host name.'),
    preserveExisting: flag().default(false).describe('Whether a value that is already there is kept.'),
  }),
  create: (settings) =>
    new FixedHeaderInterceptor(
      settings.hostHeader,
      settings.useIP ? localAddress() : hostname(),
      settings.preserveExisting,
    ),
})
