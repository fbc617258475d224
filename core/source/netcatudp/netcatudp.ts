import { z } from 'zod'
import { defineSource } from '../../component/definition.ts'
import { port, text } from '../../component/settings.ts'
import { NetcatUdpSource } from './netcatudp-source.ts'

export const netcatUdpSource = defineSource({
  type: 'netcatudp',
  aliases: ['org.apache.flume.source.NetcatUdpSource'],
  summary: 'Listens on a UDP port and makes an event of the first line of each datagram.',
  differences: [
    'Datagrams that come while the channel is full wait in memory, up to 16 MB; what is dropped then is counted and shown.',
    'Without remoteAddress no header is set; Flume sets one whose name is null.',
  ],
  settings: z.object({
    bind: text().describe('Address to listen on.'),
    port: port().describe('UDP port; 0 takes a free one.'),
    remoteAddress: text().optional().describe("Header that receives the sender's address, as /address:port."),
  }),
  create: (settings, context) => new NetcatUdpSource(settings, context),
})
