/** The two channels between the page's preload and main, and what goes over them. */
import type { BridgeError } from '../renderer/connection/desktop-bridge.ts'

/** Asked by the page and answered once. */
export const callChannel = 'sluice:call'
/** Both ways: what goes on, and what is given up. */
export const streamChannel = 'sluice:stream'

export type PageCall =
  | { readonly verb: 'session' }
  | {
      readonly verb: 'call'
      readonly id: number
      readonly agent: string
      readonly name: string
      readonly params: unknown
    }
  /** What only a desktop can do; the names are those of `desktopVerbs`. */
  | { readonly verb: 'desktop'; readonly name: string; readonly params: unknown }

export type PageStream =
  | { readonly verb: 'cancel'; readonly id: number }
  | {
      readonly verb: 'subscribe'
      readonly id: number
      readonly agent: string
      readonly name: string
      readonly params: unknown
    }
  | { readonly verb: 'unsubscribe'; readonly id: number }
  /** The page can be sent to a place from now on. */
  | { readonly verb: 'ready' }

export type MainStream =
  | { readonly verb: 'message'; readonly id: number; readonly message: unknown }
  | { readonly verb: 'ended'; readonly id: number; readonly error: BridgeError | undefined }
  | { readonly verb: 'navigate'; readonly path: string }
