import type { Command } from 'commander'
import { resolve } from 'node:path'
import { ControlClient } from '../../control/client.ts'
import type {
  CallName,
  CallParams,
  CallResult,
  SubscriptionMessage,
  SubscriptionName,
  SubscriptionParams,
} from '../../control/contract.ts'
import { SocketPort } from '../../control/socket-port.ts'
import { errorText, SluiceError } from '../../errors.ts'
import { type CommandLineContext, exitCodes } from './context.ts'
import { dataHome } from './data-home.ts'
import { type FoundAgent, findAgent } from './find-agent.ts'

/** Which agent is meant, and how its answer is printed. */
export interface Target {
  readonly dataDir?: string
  readonly agent?: string
  readonly json?: boolean
}

/** What all commands of `sluice ctl` have in common: they find the agent, ask it, and print its answer. */
export class CtlAgent {
  readonly context: CommandLineContext

  constructor(context: CommandLineContext) {
    this.context = context
  }

  /** Adds a command with the options that each has. */
  add(parent: Command, usage: string, description: string): Command {
    return parent
      .command(usage)
      .description(description)
      .option('--data-dir <DIR>', "the agent's data folder or one above it (default: the user's data folder)")
      .option('--agent <NAME>', 'which agent, where several run there')
      .option('--json', 'print JSON')
  }

  find({ dataDir, agent }: Target): FoundAgent {
    const folder = dataDir === undefined ? dataHome(this.context) : resolve(this.context.workingDirectory, dataDir)
    return findAgent(folder, agent)
  }

  client(target: Target): ControlClient {
    return new ControlClient(new SocketPort(this.find(target).socket))
  }

  ask<Name extends CallName>(target: Target, name: Name, params: CallParams<Name>): Promise<CallResult<Name>> {
    return this.client(target).call(name, params)
  }

  /** Listens until the stream ends or Ctrl-C ends it; resolves with its last message. */
  async follow<Name extends SubscriptionName>(
    target: Target,
    name: Name,
    params: SubscriptionParams<Name>,
    listener: (message: SubscriptionMessage<Name>) => void,
  ): Promise<SubscriptionMessage<Name> | undefined> {
    const { promise, resolve: done, reject } = Promise.withResolvers<undefined>()
    const forget = this.context.onSignal(() => reject(new SluiceError('SLUICE_ABORTED', 'given up')))
    let last: SubscriptionMessage<Name> | undefined
    try {
      const end = await this.client(target).subscribe(
        name,
        params,
        (message) => {
          last = message
          try {
            listener(message)
          } catch (error) {
            reject(error instanceof Error ? error : new Error(errorText(error)))
          }
        },
        (error) =>
          error === undefined ? done(undefined) : reject(error instanceof Error ? error : new Error(errorText(error))),
      )
      await promise.finally(end)
      return last
    } finally {
      forget()
    }
  }

  /** Prints what was asked for: the value itself with --json, otherwise its text. */
  print<Value>(target: Target, value: Value, asText: (value: Value) => string): void {
    this.context.stdout.write(target.json ? `${JSON.stringify(value)}\n` : asText(value))
    this.context.exit(exitCodes.done)
  }

  /** Prints that it is done. */
  say(target: Target, text: string): void {
    this.print(target, {}, () => `${text}\n`)
  }
}

/** A whole number from 1 on, as an option gives it. */
export function parseCount(text: string, option: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new SluiceError('SLUICE_USAGE', `${option} ${text}: give a whole number`)
  return Number(text)
}

/** The number of an event or a version. */
export function parseId(text: string, option: string, shownBy: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new SluiceError('SLUICE_USAGE', `${option} ${text}: give a number that "${shownBy}" shows`)
  return Number(text)
}
