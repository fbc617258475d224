import { connect, createServer, type Server, type Socket } from 'node:net'

/** What an upstream does with a connection; `relay` sends it on to an honest one and returns that end. */
export type Behaviour = (client: Socket, relay: () => Socket, fired: () => void) => void

export const honest: Behaviour = (client, relay) => {
  const server = relay()
  client.pipe(server)
  server.pipe(client)
}

/** A port in front of an honest Avro receiver that behaves as a test wants, and changes its behaviour on the way. */
export class ChangingUpstream {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #honestPort: number
  behaviour: Behaviour
  /** How often the behaviour did what it is there for. */
  fired = 0

  constructor(honestPort: number, behaviour: Behaviour) {
    this.#honestPort = honestPort
    this.behaviour = behaviour
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#keep(socket)
      const relay = () => this.#keep(connect({ port: this.#honestPort, host: '127.0.0.1', noDelay: true }))
      this.behaviour(socket, relay, () => this.fired++)
    })
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => this.#sockets.delete(socket))
    return socket
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
