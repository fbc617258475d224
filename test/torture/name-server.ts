import { createSocket } from 'node:dgram'

/** What a name server says to a question: addresses (IPv4), that there is no such name, or nothing at all. */
export type NameAnswer = readonly string[] | 'no such name' | 'nothing'

const headLength = 12
const typeA = 1

/** A name server (RFC 1035) on port 53 of a loopback address of its own, which answers as a test wants. */
export class NameServer {
  readonly #socket = createSocket('udp4')
  readonly answers = new Map<string, NameAnswer>()
  /** Questions for addresses so far, by name. */
  readonly asked = new Map<string, number>()

  /** Rejects where port 53 is not to be had. */
  async listen(address: string): Promise<void> {
    this.#socket.on('message', (question, from) => {
      const answer = this.#answer(question)
      if (answer !== undefined) this.#socket.send(answer, from.port, from.address)
    })
    await new Promise<void>((resolve, reject) => {
      this.#socket.once('error', reject)
      this.#socket.bind(53, address, resolve)
    })
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()))
  }

  #answer(question: Buffer): Buffer | undefined {
    const labels: string[] = []
    let at = headLength
    for (let length = question[at++]; length !== undefined && length > 0; length = question[at++]) {
      labels.push(question.toString('latin1', at, at + length))
      at += length
    }
    const name = labels.join('.')
    const isA = question.readUInt16BE(at) === typeA
    if (isA) this.asked.set(name, (this.asked.get(name) ?? 0) + 1)
    const answer = this.answers.get(name) ?? 'no such name'
    if (answer === 'nothing') return undefined
    const addresses = isA && answer !== 'no such name' ? answer : []
    const head = Buffer.from(question.subarray(0, at + 4))
    // A response, recursion available; code 3 is "no such name".
    head.writeUInt16BE(answer === 'no such name' ? 0x8183 : 0x8180, 2)
    head.writeUInt16BE(addresses.length, 6)
    head.writeUInt32BE(0, 8)
    // The name of the question, type A, class IN, to be kept for no time, four bytes.
    const record = Buffer.from([0xc0, headLength, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4])
    return Buffer.concat([
      head,
      ...addresses.flatMap((address) => [record, Buffer.from(address.split('.').map(Number))]),
    ])
  }
}
