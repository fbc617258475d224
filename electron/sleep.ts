import { type PowerMonitor, powerSaveBlocker } from 'electron'

export interface SleepActions {
  readonly log: (text: string) => void
  /** The machine is awake again; it has slept since then, epoch milliseconds. */
  readonly woken: (since: number) => void
  readonly quit: () => void
}

/** Sleep, wake, shutdown; and no sleep while a drain runs. */
export class Sleep {
  #blocker: number | undefined

  constructor(powerMonitor: PowerMonitor, { log, woken, quit }: SleepActions) {
    // Every channel is durable at each commit, so there is nothing to be saved in a hurry.
    let since: number | undefined
    powerMonitor.on('suspend', () => {
      since ??= Date.now()
      log('the machine goes to sleep')
    })
    powerMonitor.on('resume', () => {
      log('the machine is awake again')
      woken(since ?? Date.now())
      since = undefined
    })
    powerMonitor.on('shutdown', () => {
      log('the machine is shut down')
      quit()
    })
  }

  /** A drain that is under way should end before the machine sleeps by itself. */
  stayAwake(wanted: boolean): void {
    if (wanted && this.#blocker === undefined) this.#blocker = powerSaveBlocker.start('prevent-app-suspension')
    else if (!wanted && this.#blocker !== undefined) {
      powerSaveBlocker.stop(this.#blocker)
      this.#blocker = undefined
    }
  }
}
