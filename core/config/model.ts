/** One thing found in a configuration: line-exact, with what would be right. */
export interface Finding {
  readonly severity: 'error' | 'warning'
  readonly file: string
  /** 1-based; 0 when the finding is about the file as a whole. */
  readonly line: number
  /** 1-based column of the value (or the key when the key is wrong); 0 when unknown. */
  readonly column: number
  /** The full key as in the properties file: `a1.sources.r1.port`. */
  readonly key: string
  /** What is wrong, in a sentence. */
  readonly message: string
  /** What would be right: a value, a nearest key, a sentence; empty when nothing can be said. */
  readonly hint: string
}

/** Settings of one component as written: flat Flume keys below the component (`batch-size`, `interceptors.i1.type`). */
export type RawSettings = Readonly<Record<string, string>>

/** A component whose type was found and whose settings were checked by its own schema. */
export interface ComponentConfig {
  readonly name: string
  /** The definition's `type`, or the path or package of a user's own component. */
  readonly type: string
  /** What the schema made of the settings; hand it to the definition's `create`. */
  readonly settings: unknown
  /** As written, substituted: what `reload` compares. */
  readonly raw: RawSettings
}

export interface SourceConfig extends ComponentConfig {
  readonly channels: readonly string[]
  readonly interceptors: readonly ComponentConfig[]
  readonly selector: ComponentConfig
}

export interface SinkConfig extends ComponentConfig {
  readonly channel: string
}

export interface SinkGroupConfig {
  readonly name: string
  readonly sinks: readonly string[]
  readonly processor: ComponentConfig
}

/** One agent, complete and valid: every reference resolves, every setting is checked. */
export interface AgentConfig {
  readonly agent: string
  readonly sources: readonly SourceConfig[]
  readonly channels: readonly ComponentConfig[]
  readonly sinks: readonly SinkConfig[]
  /** Sinks in no group are served on their own. */
  readonly sinkGroups: readonly SinkGroupConfig[]
}

export interface ConfigResult {
  /** Undefined when there is an error among the findings (unless lenient dropped the broken parts). */
  readonly config: AgentConfig | undefined
  readonly findings: readonly Finding[]
  /** A text with every secret that the configuration holds taken out of it. */
  readonly masked: (text: string) => string
}
