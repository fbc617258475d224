import { Agent } from '../../agent/agent.ts'
import type { AgentStatus } from '../../agent/agent-status.ts'
import { builtinRegistry } from '../../component/builtin.ts'
import type { ConfigResult } from '../../config/model.ts'
import { WatchedConfig } from '../../config/watch.ts'
import type { LoadOptions } from '../../config/load.ts'
import type { ControlPort } from '../../control/contract.ts'
import { ControlServer } from '../../control/control-server.ts'
import { SocketListener } from '../../control/socket-listener.ts'
import { errorText, SluiceError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { MonitoringServer } from '../../metrics/monitoring-server.ts'
import { ConfigFiles } from './config-access.ts'
import type { CommandLineContext } from './context.ts'
import { findingLine } from './finding-line.ts'
import type { Monitoring, SystemProperties } from './flume-options.ts'
import { makeFolder } from './make-folder.ts'

/** Milliseconds between two attempts to be there for `sluice ctl`. */
const listenEvery = 10_000

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
  readonly #loadOptions: LoadOptions
  readonly #files: WatchedConfig
  readonly #over = new AbortController()
  #agent: Agent | undefined
  #configFiles: ConfigFiles | undefined
  #watching: Promise<void> | undefined
  #listening: Promise<void> | undefined
  #metrics: MonitoringServer | undefined
  #control: SocketListener | undefined
  #port: ControlPort | undefined
  #server: ControlServer | undefined

  constructor(plan: AgentPlan, context: CommandLineContext, log: Log) {
    this.plan = plan
    this.#context = context
    this.#log = log
    const { agent, files, properties, baseDirectory, lenient } = plan
    this.#loadOptions = {
      ...{ agent, properties, baseDirectory, lenient },
      files: files.map((path) => ({ path })),
      registry: this.#registry,
      environment: context.environment,
    }
    this.#files = new WatchedConfig(this.#loadOptions, context.clock)
  }

  /**
   * From then on the agent can be asked, and nothing moves yet. Rejects, with nothing taken, when the configuration has a
   * mistake or the data folder cannot be used.
   */
  async open(): Promise<void> {
    const { plan } = this
    const { config, findings } = await this.#files.load()
    this.#report(findings)
    if (config === undefined) {
      const errors = findings.filter(({ severity }) => severity === 'error')
      const first = errors[0] === undefined ? '' : `: ${findingLine(errors[0])}`
      throw new SluiceError('SLUICE_CONFIG', `agent ${plan.agent} is not started: ${errorCount(errors.length)}${first}`)
    }
    try {
      await makeFolder(plan.dataDirectory, 0o700)
    } catch (error) {
      throw new SluiceError(
        'SLUICE_FILE',
        `the data folder ${plan.dataDirectory} cannot be used: ${errorText(error)}. Give one that you may write to: --data-dir DIR`,
        { cause: error },
      )
    }
    const { dataDirectory, baseDirectory, monitoring } = plan
    const { clock } = this.#context
    const agent = new Agent({ config, registry: this.#registry, dataDirectory, baseDirectory, log: this.#log, clock })
    await agent.open()
    this.#agent = agent
    await this.#serveControl(agent)
    if (monitoring !== undefined) await this.#serveMetrics(agent, monitoring)
  }

  /** Starts what `open` has made; resolves when each part has been tried once. */
  async start(): Promise<void> {
    await this.#agent?.start()
    if (this.plan.watch && !this.#over.signal.aborted)
      this.#watching = this.#files
        .watch(this.#over.signal, (result) => this.#changed(result))
        .catch((error: unknown) =>
          this.#log.error({ error }, `the configuration is no longer watched: ${errorText(error)}`),
        )
  }

  /** Resolves when the agent was asked to stop by something else than a signal. */
  get stopRequested(): Promise<void> {
    return this.#agent?.stopRequested ?? Promise.resolve()
  }

  /** What the agent can be asked through, while it runs. */
  get control(): ControlPort | undefined {
    return this.#port
  }

  status(): AgentStatus | undefined {
    return this.#agent?.status()
  }

  /** What its files refer to has changed (a secret): what is different is applied, as if a file had changed. */
  async reload(): Promise<void> {
    if (this.#agent !== undefined) await this.#changed(await this.#files.load())
  }

  /** The machine is awake and has slept since then (epoch milliseconds). */
  awake(since: number): void {
    this.#agent?.awake(since)
  }

  async stop(): Promise<void> {
    this.#over.abort()
    this.#port = undefined
    await Promise.all([this.#watching, this.#listening, this.#metrics?.stop(), this.#server?.close()])
    await this.#control?.stop()
    await this.#agent?.stop()
  }

  async #serveControl(agent: Agent): Promise<void> {
    const { clock } = this.#context
    const config = new ConfigFiles(agent, this.#loadOptions, { clock, log: this.#log })
    this.#configFiles = config
    await config.record('start')
    const server = new ControlServer({ agent, config, clock, log: this.#log })
    this.#port = server
    this.#server = server
    const { agent: name, dataDirectory: folder } = this.plan
    this.#control = new SocketListener({ port: server, agent: name, folder })
    if (!(await this.#listen(this.#control))) this.#listening = this.#keepTrying(this.#control)
  }

  async #listen(control: SocketListener): Promise<boolean> {
    try {
      const socket = await control.start()
      this.#log.debug({ socket }, 'sluice ctl can speak to the agent')
      return true
    } catch (error) {
      const again = `it is tried again every ${listenEvery / 1000} s`
      this.#log.error({ error }, `sluice ctl cannot speak to the agent: ${errorText(error)}; ${again}`)
      return false
    }
  }

  /** A folder that takes no file, as on a full disk, is no reason not to relay: that empties it. */
  async #keepTrying(control: SocketListener): Promise<void> {
    const { signal } = this.#over
    do await this.#context.clock.sleep(listenEvery, signal)
    while (!signal.aborted && !(await this.#listen(control)))
  }

  async #serveMetrics(agent: Agent, { host, port }: Monitoring): Promise<void> {
    this.#metrics = new MonitoringServer({ agent: this.plan.agent, host, port, metrics: () => agent.metrics() })
    const address = await this.#metrics.start()
    this.#log.info(address, 'serving /metrics and /metrics/prometheus')
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
  async #changed({ config, findings }: ConfigResult): Promise<void> {
    this.#report(findings)
    if (config === undefined) {
      const errors = findings.filter(({ severity }) => severity === 'error').length
      const runsOn = `the change is refused and ${this.plan.agent} runs on as it was: ${errorCount(errors)}`
      this.#log.error({ code: 'SLUICE_CONFIG' }, runsOn)
      return
    }
    try {
      await this.#agent?.apply(config)
      await this.#configFiles?.record('file changed')
    } catch (error) {
      this.#log.error({ error }, `the change could not be applied: ${errorText(error)}`)
    }
  }
}

const errorCount = (errors: number) => `the configuration has ${errors === 1 ? 'an error' : `${errors} errors`}`
