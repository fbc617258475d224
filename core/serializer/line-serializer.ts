import type { Event } from '../event/event.ts'
import type { EventSerializer } from './serializer.ts'

const nothing = Buffer.alloc(0)
const newline = Buffer.from('\n')

/** What serializers that write a line an event have in common: each event is complete as it stands. */
export abstract class LineSerializer implements EventSerializer {
  readonly appendable = true
  protected readonly appendNewline: boolean

  constructor(appendNewline: boolean) {
    this.appendNewline = appendNewline
  }

  protected abstract writeLine(event: Event, out: Buffer[]): void

  begin(): Buffer {
    return nothing
  }

  write(event: Event, out: Buffer[]): void {
    this.writeLine(event, out)
    if (this.appendNewline) out.push(newline)
  }

  flush(): void {
    // Nothing is held back.
  }

  end(): Buffer {
    return nothing
  }
}
