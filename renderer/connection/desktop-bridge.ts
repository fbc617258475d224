/** What the desktop's preload puts at `window.sluice`: verbs only, values that can be cloned. */
export interface DesktopBridge {
  session(): Promise<BridgeAnswer>
  call(id: number, agent: string, name: string, params: unknown): Promise<BridgeAnswer>
  cancel(id: number): void
  /** Ended by `unsubscribe(id)`. */
  subscribe(
    id: number,
    agent: string,
    name: string,
    params: unknown,
    listener: (message: unknown) => void,
    ended: (error: BridgeError | undefined) => void,
  ): void
  unsubscribe(id: number): void
  /** What only a desktop can do. */
  readonly desktop: DesktopActions
}

/** Errors cross as values: what is thrown over a bridge loses its code. */
export type BridgeAnswer = { readonly result: unknown } | { readonly error: BridgeError }

export interface BridgeError {
  readonly code: string
  readonly message: string
}

export interface DesktopActions {
  /** The folder that the user picked; undefined when they did not. */
  pickFolder(): Promise<string | undefined>
  /** The folder of a channel that the user picked; undefined when they did not. Rejects for what is none. */
  pickChannelFolder(): Promise<string | undefined>
  /** The one that they chose from the app's menu and that has not been taken yet. */
  takeChannelFolder(): Promise<string | undefined>
  /** Saves a finished export where the user says; resolves with the path, or undefined when they did not. */
  saveExport(agent: string, file: string): Promise<string | undefined>
  /** The secrets by name, and where the configuration says `${NAME}`. No value ever comes back here. */
  secrets(): Promise<ShownSecrets>
  /** Rejects where the system has no keychain that is open. */
  keepSecret(name: string, value: string): Promise<void>
  forgetSecret(name: string): Promise<void>
  /** What a damaged file held has been given again: the warning ends, the file is kept. */
  settleSecrets(): Promise<void>
  /** What happens in main that the page shows: a place to go to, from a notice, the tray, a link. */
  onNavigate(listener: (path: string) => void): void
}

/** Where an agent has a secret from. `optional`: nowhere, and the configuration has a default wherever it is used. */
export const secretOrigins = ['kept', 'environment', 'unreadable', 'missing', 'optional'] as const

export interface ShownSecret {
  readonly name: string
  readonly given: (typeof secretOrigins)[number]
  /** It lies in the file of the secrets, whether it can be read or not. */
  readonly kept: boolean
  readonly uses: readonly { readonly key: string; readonly line: number; readonly optional: boolean }[]
}

export interface ShownSecrets {
  readonly secrets: readonly ShownSecret[]
  /** The file that the uses are found in. */
  readonly flow: string
  /** Why this system can keep no secret, in a sentence; empty: it can. */
  readonly unsafe: string
  /** What is wrong with the secrets that were kept, in a sentence; empty: nothing. */
  readonly trouble: string
}

declare global {
  interface Window {
    readonly sluice?: DesktopBridge
  }
}
