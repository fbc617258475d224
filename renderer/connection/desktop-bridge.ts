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
  /** Saves a finished export where the user says; resolves with the path, or undefined when they did not. */
  saveExport(agent: string, file: string): Promise<string | undefined>
  /** The names of the secrets in the system's keychain. A configuration says `${NAME}` for each; none comes back here. */
  secretNames(): Promise<string[]>
  /** Rejects where the system has no keychain that is open. */
  keepSecret(name: string, value: string): Promise<void>
  forgetSecret(name: string): Promise<void>
  /** What happens in main that the page shows: a place to go to, from a notice, the tray, a link. */
  onNavigate(listener: (path: string) => void): void
}

declare global {
  interface Window {
    readonly sluice?: DesktopBridge
  }
}
