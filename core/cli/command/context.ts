import { homedir } from 'node:os'
import { type Clock, systemClock } from '../../clock.ts'
import { LastingOutput } from './lasting-output.ts'

/** Where text goes. A terminal may be narrower and gets readable lines. */
export interface TextOutput {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): boolean
}

/** What a command has of the world, so that a test can give it another one. */
export interface CommandLineContext {
  readonly stdout: TextOutput
  readonly stderr: TextOutput
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  readonly homeDirectory: string
  /** What relative paths among the arguments start from. */
  readonly workingDirectory: string
  readonly clock: Clock
  /** Calls `listener` with each SIGTERM, SIGINT and SIGHUP until the returned function is called. */
  onSignal(listener: (signal: NodeJS.Signals) => void): () => void
  /** Sets the exit code: 0 done, 1 failed, 2 wrong usage. The program ends when the command's promise resolves. */
  exit(code: ExitCode): void
  /** From here on nothing that becomes of `stdout` ends the program: what it does matters more than what it says. */
  outlastOutput(): void
  /** Ends the process at once, for a second Ctrl-C. */
  exitNow(code: number): never
}

export const exitCodes = { done: 0, failed: 1, usage: 2 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

const stopSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/** The context of the real process. */
export function processContext(): CommandLineContext {
  let stdout: TextOutput = process.stdout
  return {
    get stdout() {
      return stdout
    },
    stderr: new LastingOutput(2),
    environment: process.env,
    platform: process.platform,
    homeDirectory: homedir(),
    workingDirectory: process.cwd(),
    clock: systemClock,
    onSignal(listener) {
      for (const signal of stopSignals) process.on(signal, listener)
      return () => {
        for (const signal of stopSignals) process.off(signal, listener)
      }
    },
    exit(code) {
      process.exitCode = code
    },
    outlastOutput() {
      stdout = new LastingOutput(1)
    },
    exitNow(code) {
      process.exit(code)
    },
  }
}
