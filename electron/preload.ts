/** What the page gets of the desktop: the verbs of `DesktopBridge`, and neither a channel nor an event of Electron's. */
import { contextBridge, ipcRenderer } from 'electron'
import type { BridgeAnswer, BridgeError, DesktopBridge, ShownSecrets } from '../renderer/connection/desktop-bridge.ts'
import { callChannel, type MainStream, type PageCall, type PageStream, streamChannel } from './channels.ts'

interface Listening {
  readonly listener: (message: unknown) => void
  readonly ended: (error: BridgeError | undefined) => void
}

const subscriptions = new Map<number, Listening>()
let navigate: ((path: string) => void) | undefined

const ask = (call: PageCall) => ipcRenderer.invoke(callChannel, call) as Promise<BridgeAnswer>
const tell = (stream: PageStream) => ipcRenderer.send(streamChannel, stream)

ipcRenderer.on(streamChannel, (_event, said: MainStream) => {
  if (said.verb === 'navigate') navigate?.(said.path)
  else if (said.verb === 'message') subscriptions.get(said.id)?.listener(said.message)
  else {
    const listening = subscriptions.get(said.id)
    subscriptions.delete(said.id)
    listening?.ended(said.error)
  }
})

/** Rejects with the text alone: what is thrown over the bridge loses its code. */
async function act(name: string, params: object): Promise<unknown> {
  const answer = await ask({ verb: 'desktop', name, params })
  if ('error' in answer) throw new Error(answer.error.message)
  return answer.result
}

const bridge: DesktopBridge = {
  session: () => ask({ verb: 'session' }),
  call: (id, agent, name, params) => ask({ verb: 'call', id, agent, name, params }),
  cancel: (id) => tell({ verb: 'cancel', id }),
  subscribe: (id, agent, name, params, listener, ended) => {
    subscriptions.set(id, { listener, ended })
    tell({ verb: 'subscribe', id, agent, name, params })
  },
  unsubscribe: (id) => {
    subscriptions.delete(id)
    tell({ verb: 'unsubscribe', id })
  },
  desktop: {
    pickFolder: () => act('pickFolder', {}) as Promise<string | undefined>,
    pickChannelFolder: () => act('pickChannelFolder', {}) as Promise<string | undefined>,
    takeChannelFolder: () => act('takeChannelFolder', {}) as Promise<string | undefined>,
    saveExport: (agent, file) => act('saveExport', { agent, file }) as Promise<string | undefined>,
    secrets: () => act('secrets', {}) as Promise<ShownSecrets>,
    keepSecret: (name, value) => act('keepSecret', { name, value }) as Promise<void>,
    forgetSecret: (name) => act('forgetSecret', { name }) as Promise<void>,
    settleSecrets: () => act('settleSecrets', {}) as Promise<void>,
    onNavigate: (listener) => {
      navigate = listener
      tell({ verb: 'ready' })
    },
  },
}
contextBridge.exposeInMainWorld('sluice', bridge)
