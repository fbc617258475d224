import { chmodSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { errorText, SluiceError } from '../errors.ts'
import { chooseSocket, removeControlFile, writeControlFile } from './control-file.ts'
import type { ControlPort } from './contract.ts'
import { answerControl } from './http-carrier.ts'
import { createServer } from '../node-http.ts'

export interface SocketListenerOptions {
  readonly port: ControlPort
  readonly agent: string
  /** The agent's data folder, mode 0700. The caller holds its lock. */
  readonly folder: string
}

/** The contract on a Unix socket (a named pipe on Windows) that only the agent's own user may open. */
export class SocketListener {
  readonly #options: SocketListenerOptions
  readonly #server: Server
  #socket: string | undefined

  constructor(options: SocketListenerOptions) {
    this.#options = options
    this.#server = createServer(
      (request, response) => void answerControl(options.port, request.url ?? '/', request, response),
    )
    this.#server.maxConnections = 256
  }

  /** Resolves with the socket's path; rejects, and can be tried again, when it (`SLUICE_LISTEN`) or its file cannot be made. */
  async start(): Promise<string> {
    const { folder, agent } = this.#options
    const socket = chooseSocket(folder)
    const pipe = socket.startsWith('\\\\')
    // The caller has the folder's lock, so a socket that is there was left behind.
    if (!pipe) rmSync(socket, { force: true })
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) =>
        reject(
          new SluiceError('SLUICE_LISTEN', `the control socket ${socket} cannot be opened: ${errorText(error)}`, {
            cause: error,
          }),
        ),
      )
      // The socket is made inside `listen`: with this mask nobody else can open it even for a moment.
      const mask = pipe ? undefined : process.umask(0o177)
      try {
        this.#server.listen(socket, resolve)
      } finally {
        if (mask !== undefined) process.umask(mask)
      }
    })
    this.#socket = socket
    try {
      if (!pipe) chmodSync(socket, 0o600)
      writeControlFile(folder, { agent, pid: process.pid, socket })
    } catch (error) {
      await this.stop()
      throw error
    }
    return socket
  }

  async stop(): Promise<void> {
    if (this.#socket === undefined) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
    removeControlFile(this.#options.folder, this.#socket)
    this.#socket = undefined
  }
}
