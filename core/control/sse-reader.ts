/** Reads server-sent events (WHATWG HTML, "Server-sent events") from text in pieces, as far as our own server writes them. */
export class SseReader {
  readonly #onEvent: (event: string, data: string) => void
  #rest = ''
  #event = 'message'
  #data: string[] = []

  constructor(onEvent: (event: string, data: string) => void) {
    this.#onEvent = onEvent
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#line(line.endsWith('\r') ? line.slice(0, -1) : line)
  }

  #line(line: string): void {
    if (line === '') {
      if (this.#data.length > 0) this.#onEvent(this.#event, this.#data.join('\n'))
      this.#event = 'message'
      this.#data = []
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') this.#data.push(value)
    else if (field === 'event') this.#event = value
  }
}
