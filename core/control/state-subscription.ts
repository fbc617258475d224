import type { Clock } from '../clock.ts'

/** Subscribers hear at most this often, milliseconds. */
const leastInterval = 250

/**
 * Tells `listener` the whole state now and after changes, at most four times a second; with `onlyNew` not when it is
 * the same as before. `failed` hears of a snapshot that cannot be made; nothing is said after that.
 */
export function subscribeState(
  snapshot: () => unknown,
  onChange: (changed: () => void) => () => void,
  listener: (message: unknown) => void,
  failed: (error: unknown) => void,
  { clock, onlyNew }: { readonly clock: Clock; readonly onlyNew: boolean },
): () => void {
  const over = new AbortController()
  let sentAt = -Infinity
  let waiting = false
  let said = ''
  const send = () => {
    if (over.signal.aborted) return
    sentAt = clock.monotonic()
    try {
      const message = snapshot()
      const text = onlyNew ? JSON.stringify(message) : ''
      if (text !== '' && text === said) return
      said = text
      listener(message)
    } catch (error) {
      end()
      failed(error)
    }
  }
  const changed = () => {
    const wait = sentAt + leastInterval - clock.monotonic()
    if (wait <= 0) {
      send()
      return
    }
    if (waiting) return
    waiting = true
    void clock.sleep(wait, over.signal).then(() => {
      waiting = false
      send()
    })
  }
  const stopListening = onChange(changed)
  const end = () => {
    over.abort()
    stopListening()
  }
  send()
  return end
}
