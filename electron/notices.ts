import { Notification } from 'electron'
import { type Alarm, placeOfAlarm } from './flow-watch.ts'

/** Tells the operator in time what an alarm is about; a click leads to the view that shows it. */
export class Notices {
  readonly #open: (place: string) => void
  /** One that is collected as garbage can no longer be clicked. */
  readonly #shown = new Set<Notification>()

  constructor(open: (place: string) => void) {
    this.#open = open
  }

  alarm(alarm: Alarm): void {
    const { agent, component, message } = alarm
    this.show(`${agent}: ${component.replace(':', ' ')}`, message, placeOfAlarm(alarm))
  }

  show(title: string, body: string, place: string): void {
    if (!Notification.isSupported()) return
    const notice = new Notification({ title, body, urgency: 'normal' })
    this.#shown.add(notice)
    const forget = () => this.#shown.delete(notice)
    notice.once('click', () => {
      forget()
      this.#open(place)
    })
    notice.once('close', forget)
    notice.show()
  }
}
