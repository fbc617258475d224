import { connect, type Socket } from 'node:net'

/** What `nc` is to a netcat source: sends a line, gets a line. */
export class LineClient {
  readonly #socket: Socket
  #received = ''

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('utf8').on('data', (text: string) => (this.#received += text))
    socket.on('error', () => undefined)
  }

  /** Tries until something listens. */
  static async connect(port: number, host = '127.0.0.1', milliseconds = 20_000): Promise<LineClient> {
    const deadline = performance.now() + milliseconds
    for (;;) {
      const socket = connect(port, host)
      try {
        await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
        return new LineClient(socket)
      } catch (error) {
        if (performance.now() > deadline) throw error
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }

  /** Sends a line and resolves with the next line that comes. */
  async ask(line: string, milliseconds = 10_000): Promise<string> {
    this.#socket.write(`${line}\n`)
    const deadline = performance.now() + milliseconds
    for (;;) {
      const end = this.#received.indexOf('\n')
      if (end >= 0) {
        const answer = this.#received.slice(0, end)
        this.#received = this.#received.slice(end + 1)
        return answer
      }
      if (performance.now() > deadline || this.#socket.destroyed) throw new Error(`no answer to ${line}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  close(): void {
    this.#socket.destroy()
  }
}
