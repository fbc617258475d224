import type { Agent } from '../agent/agent.ts'
import type { BacklogDesk } from '../backlog/backlog-desk.ts'
import { OpenedFolders } from '../backlog/opened-folders.ts'
import type { ChannelStore } from '../channel/channel.ts'
import type { Clock } from '../clock.ts'

/** Where the events lie that a call means: in a channel of the agent, or in a folder that was opened. */
export class BacklogStores {
  readonly folders: OpenedFolders
  readonly #agent: Agent

  constructor(agent: Agent, desk: BacklogDesk, clock: Clock) {
    this.#agent = agent
    this.folders = new OpenedFolders(desk, clock, () => this.#own())
  }

  /** Throws `SLUICE_CONTROL` when there is no such channel or folder, or its events lie in memory. */
  async of(channel: string): Promise<ChannelStore> {
    if (this.folders.isFolder(channel)) return (await this.folders.store(channel)).store
    return this.#agent.channelStore(channel)
  }

  /** What an export of it is called. */
  async nameOf(channel: string): Promise<string> {
    if (this.folders.isFolder(channel)) return (await this.folders.store(channel)).channel
    return channel.replace(/^channel:/, '')
  }

  #own(): Map<string, string> {
    const durable = this.#agent.status().channels.filter(({ durable }) => durable)
    return new Map(durable.map(({ name }) => [name, this.#agent.channelStore(name).folder]))
  }
}
