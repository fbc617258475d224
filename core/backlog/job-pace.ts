/** What a pace is made of; times of processors are microseconds since any moment. */
export interface PaceReadings {
  /** Milliseconds that only grow. */
  now(): number
  /** What all threads of the process have used, this one included. */
  processTime(): number
  /** What all searches and exports of the process have used, with this thread's share up to now. */
  jobsTime(): number
  /** Blocks the thread. Milliseconds. */
  sleep(milliseconds: number): void
  readonly processors: number
}

/** Milliseconds of work between two looks at the clock that may end in a rest, between two measurements, and of the longest rest. */
const slice = 10
const sampleEvery = 100
const longestRest = 200
/** The share of the processors that the rest of the agent uses: up to the first a job never rests, from the second on most. */
const quietShare = 0.2
const busyShare = 0.5
/** A rest of a busy agent's job is so many times as long as its work before. */
const mostRest = 12

/**
 * How a search or an export gives way to the relay. A low priority only decides who gets a processor; the relay still
 * loses where two threads share a core's units, caches and the memory. So the job rests between its steps, the longer
 * the more of the machine the agent's other threads use, and goes at full speed while they have little to do.
 */
export class JobPace {
  readonly #readings: PaceReadings
  #begunAt: number
  #sampledAt: number
  #othersAt: number
  #share = 0

  constructor(readings: PaceReadings) {
    this.#readings = readings
    this.#begunAt = this.#sampledAt = readings.now()
    this.#othersAt = this.#others()
  }

  /** To be called between two steps, as often as one likes: rests when it is time to. */
  step(): void {
    const now = this.#readings.now()
    const worked = now - this.#begunAt
    if (worked < slice) return
    const passed = now - this.#sampledAt
    if (passed >= sampleEvery) {
      const others = this.#others()
      this.#share = (others - this.#othersAt) / (passed * 1000 * this.#readings.processors)
      this.#othersAt = others
      this.#sampledAt = now
    }
    const pressure = Math.min(Math.max((this.#share - quietShare) / (busyShare - quietShare), 0), 1)
    if (pressure > 0) this.#readings.sleep(Math.min(worked * mostRest * pressure, longestRest))
    this.#begunAt = pressure > 0 ? this.#readings.now() : now
  }

  #others(): number {
    return this.#readings.processTime() - this.#readings.jobsTime()
  }
}
