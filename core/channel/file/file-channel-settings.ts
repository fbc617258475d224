import type { Clock } from '../../clock.ts'
import type { Log } from '../../log.ts'
import type { Limits } from '../admission.ts'
import type { CodecSettings } from './frame-codec.ts'

/** What a file channel is told to be. */
export interface FileChannelSettings extends Limits {
  /** The channel's own folder; made when it is missing. */
  readonly folder: string
  readonly transactionCapacity: number
  /** Bytes that must stay free on the disk: below, nothing is let in. */
  readonly minimumRequiredSpace: number
  /** Bytes after which a new segment file is begun. */
  readonly segmentSize: number
  readonly codec: CodecSettings
  /** Bytes kept aside for a full disk. */
  readonly reserve: number
  /** Bytes of the newest blocks kept in memory. */
  readonly hotTail: number
}

/** What it has of the agent around it. */
export interface FileChannelContext {
  readonly name: string
  readonly log: Log
  readonly clock: Clock
}
