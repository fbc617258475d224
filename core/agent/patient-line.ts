import type { Lane } from '../channel/channel.ts'
import { SluiceError } from '../errors.ts'
import { ChangeSignal } from './change-signal.ts'

interface Place {
  /** The attempt of the line that it took part in. */
  attempt: number
}

/**
 * Puts of one lane that are tried until they succeed, in their order. All go through one lane of the channel; when one
 * fails, the channel fails those behind it too, and the first in line opens a new lane, in which the others follow.
 */
export class PatientLine {
  readonly #places: Place[] = []
  readonly #changed = new ChangeSignal()
  #attempt = 0
  #lane: Lane = {}
  #broken: { error: unknown } | undefined

  /**
   * Runs `put` in turn until it resolves. `again` decides about a failure: it waits and resolves to try again, or
   * throws to give up; only the first in line is asked, so one trouble is waited for once.
   */
  async run(
    put: (lane: Lane) => Promise<void>,
    again: (error: unknown) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const place: Place = { attempt: -1 }
    this.#places.push(place)
    try {
      for (;;) {
        while (!this.#mayGo(place) && !signal.aborted) await this.#changed.wait(signal)
        if (this.#broken) throw this.#broken.error
        if (signal.aborted) throw new SluiceError('SLUICE_ABORTED', 'the put was given up')
        if (place.attempt === this.#attempt) {
          this.#attempt++
          this.#lane = {}
        }
        place.attempt = this.#attempt
        this.#changed.fire()
        try {
          await put(this.#lane)
          return
        } catch (error) {
          if (this.#places[0] !== place) continue
          await again(error)
        }
      }
    } catch (error) {
      // What stood behind it must not overtake it: the line is over.
      this.#broken ??= { error }
      throw error
    } finally {
      this.#places.splice(this.#places.indexOf(place), 1)
      this.#changed.fire()
    }
  }

  #mayGo(place: Place): boolean {
    if (this.#broken) return true
    const index = this.#places.indexOf(place)
    if (index === 0) return true
    return this.#places[index - 1]?.attempt === this.#attempt && place.attempt !== this.#attempt
  }
}
