import { mkdir } from 'node:fs/promises'
import { Agent } from '../../agent/agent.ts'
import { builtinRegistry } from '../../component/builtin.ts'
import { loadConfig } from '../../config/load.ts'
import type { AgentConfig, ConfigResult } from '../../config/model.ts'
import { errorText, SluiceError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { watchFiles } from './config-watcher.ts'
import type { CommandLineContext } from './context.ts'
import { findingLine } from './finding-line.ts'
import type { Monitoring, SystemProperties } from './flume-options.ts'

/** Which agent of which files runs where. All paths are absolute. */
export interface AgentPlan {
  readonly agent: string
  readonly files: readonly string[]
  readonly dataDirectory: string
  /** What relative paths in the configuration start from. */
  readonly baseDirectory: string
  /** For `${sys:…}` in the configuration. */
  readonly properties: SystemProperties
  /** Apply changes of the files while running. */
  readonly watch: boolean
  readonly lenient: boolean
  readonly monitoring: Monitoring | undefined
}

/** An agent with what a process adds to it: its files, its log of findings, its watch on the files. */
export class RunningAgent {
  readonly plan: AgentPlan
  readonly #context: CommandLineContext
  readonly #log: Log
  readonly #registry = builtinRegistry()
  readonly #over = new AbortController()
  #agent: Agent | undefined
  #watching: Promise<void> | undefined

  constructor(plan: AgentPlan, context: CommandLineContext, log: Log) {
    this.plan = plan
    this.#context = context
    this.#log = log
  }

  /** Rejects, with nothing started, when the configuration has a mistake or the data folder cannot be used. */
  async start(): Promise<void> {
    const { plan } = this
    const { config, findings } = await this.#load()
    this.#report(findings)
    if (config === undefined) {
      const errors = findings.filter(({ severity }) => severity === 'error').length
      throw new SluiceError('SLUICE_CONFIG', `agent ${plan.agent} is not started: ${errorCount(errors)}`)
    }
    try {
      await mkdir(plan.dataDirectory, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw new SluiceError(
        'SLUICE_FILE',
        `the data folder ${plan.dataDirectory} cannot be used: ${errorText(error)}. Give one that you may write to: --data-dir DIR`,
        { cause: error },
      )
    }
    this.#agent = this.#make(config)
    await this.#agent.start()
    if (plan.watch)
      this.#watching = watchFiles(plan.files, this.#context.clock, this.#over.signal, () => this.#changed())
  }

  async stop(): Promise<void> {
    this.#over.abort()
    await this.#watching
    await this.#agent?.stop()
  }

  #make(config: AgentConfig): Agent {
    const { dataDirectory, baseDirectory } = this.plan
    const { clock } = this.#context
    return new Agent({ config, registry: this.#registry, dataDirectory, baseDirectory, log: this.#log, clock })
  }

  #load(): Promise<ConfigResult> {
    const { agent, files, properties, baseDirectory, lenient } = this.plan
    return loadConfig({
      agent,
      files: files.map((path) => ({ path })),
      registry: this.#registry,
      environment: this.#context.environment,
      properties,
      baseDirectory,
      lenient,
    })
  }

  #report(findings: ConfigResult['findings']): void {
    for (const finding of findings) {
      const { file, line, key } = finding
      if (finding.severity === 'error')
        this.#log.error({ code: 'SLUICE_CONFIG', file, line, key }, findingLine(finding))
      else this.#log.warn({ file, line, key }, findingLine(finding))
    }
  }

  /** Applies what is different; what is wrong is refused whole, and the flow runs on as it was. */
  async #changed(): Promise<void> {
    const { agent } = this.plan
    try {
      const { config, findings } = await this.#load()
      this.#report(findings)
      if (config === undefined) {
        const errors = findings.filter(({ severity }) => severity === 'error').length
        this.#log.error(
          { code: 'SLUICE_CONFIG' },
          `the change is refused: ${errorCount(errors)}; ${agent} runs on as it was`,
        )
        return
      }
      await this.#apply(config)
    } catch (error) {
      this.#log.error({ error }, `the change could not be applied: ${errorText(error)}`)
    }
  }

  async #apply(config: AgentConfig): Promise<void> {
    const next = this.#make(config)
    await this.#agent?.stop()
    this.#agent = next
    await next.start()
    this.#log.info({}, 'the changed configuration is applied')
  }
}

const errorCount = (errors: number) => `the configuration has ${errors === 1 ? 'an error' : `${errors} errors`}`
