import type { Channel } from '../channel/channel.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { ChannelCounters } from '../metrics/counters.ts'
import { RateLimit } from './rate-limit.ts'
import { Supervisor } from './supervisor.ts'

/** Milliseconds that a channel has to settle what is in flight when it closes. */
const closeWithin = 1_000

/** A channel of a running agent with what the agent keeps about it. */
export class ChannelPart {
  readonly channel: Channel
  readonly counters = new ChannelCounters()
  readonly rateLimit: RateLimit
  readonly supervisor: Supervisor

  constructor(
    channel: Channel,
    clock: Clock,
    options: { log: Log; onRunning: () => void; onFailure: (error: unknown) => void; random: () => number },
  ) {
    this.channel = channel
    this.rateLimit = new RateLimit(clock)
    this.supervisor = new Supervisor(
      {
        name: channel.name,
        start: async () => {
          await channel.open()
          this.counters.startTime = clock.now()
        },
        stop: async () => {
          await channel.close(closeWithin)
          this.counters.stopTime = clock.now()
        },
      },
      { clock, ...options },
    )
  }

  get name(): string {
    return this.channel.name
  }
}
