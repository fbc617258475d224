import { describe, expect, test } from 'vitest'
import { JobPace } from '../../core/backlog/job-pace.ts'

/** A machine of `processors` on which the agent's other threads use `others` processors, and the job one while it works. */
class Machine {
  readonly processors: number
  others: number
  worked = 0
  rested = 0
  longest = 0
  #now = 0
  #process = 0
  #jobs = 0

  constructor(processors: number, others: number) {
    this.processors = processors
    this.others = others
  }

  pace(): JobPace {
    return new JobPace({
      now: () => this.#now,
      processTime: () => this.#process,
      jobsTime: () => this.#jobs,
      sleep: (milliseconds) => {
        this.rested += milliseconds
        this.longest = Math.max(this.longest, milliseconds)
        this.#pass(milliseconds, 0)
      },
      processors: this.processors,
    })
  }

  /** The job makes steps of 2 ms until it has worked so long. */
  work(pace: JobPace, milliseconds: number): void {
    for (let done = 0; done < milliseconds; done += 2) {
      this.#pass(2, 1)
      this.worked += 2
      pace.step()
    }
  }

  #pass(milliseconds: number, jobs: number): void {
    this.#now += milliseconds
    this.#process += milliseconds * 1000 * (this.others + jobs)
    this.#jobs += milliseconds * 1000 * jobs
  }
}

describe('the pace of a search', () => {
  test('an agent with little to do is searched at full speed, its own use counted as nobody else', () => {
    const machine = new Machine(2, 0.3)
    machine.work(machine.pace(), 2000)
    expect(machine.rested).toBe(0)
  })

  test('a relay at the limit of its processors gives the search a twelfth of the time, in rests that end soon', () => {
    const machine = new Machine(2, 1.2)
    machine.work(machine.pace(), 2000)
    const share = machine.worked / (machine.worked + machine.rested)
    expect(share).toBeGreaterThan(0.06)
    expect(share).toBeLessThan(0.15)
    expect(machine.longest).toBeLessThanOrEqual(200)
  })

  test('in between it rests in between', () => {
    const machine = new Machine(2, 0.7)
    machine.work(machine.pace(), 2000)
    const share = machine.worked / (machine.worked + machine.rested)
    expect(share).toBeGreaterThan(0.12)
    expect(share).toBeLessThan(0.4)
  })

  test('many processors are room for both', () => {
    const machine = new Machine(16, 2)
    machine.work(machine.pace(), 2000)
    expect(machine.rested).toBe(0)
  })

  test('it runs again once the relay has caught up', () => {
    const machine = new Machine(2, 1.5)
    const pace = machine.pace()
    machine.work(pace, 1000)
    expect(machine.rested).toBeGreaterThan(0)
    machine.others = 0
    machine.work(pace, 300)
    const rested = machine.rested
    machine.work(pace, 1000)
    expect(machine.rested).toBe(rested)
  })
})
