/** Something that happened while a chart was drawn. */
export interface ChartMark {
  readonly id: number
  readonly kind: 'action' | 'reload' | 'outage' | 'full' | 'disk' | 'failed' | 'begun' | 'down' | 'slept'
  readonly text: string
  /** Epoch milliseconds. */
  readonly from: number
  /** Equal to `from` for a moment; null: it lasts. */
  readonly to: number | null
}

interface Look {
  /** A shape of its own for each kind. */
  readonly sign: string
  readonly tone: 'calm' | 'warn' | 'bad'
  readonly word: string
}

export const markLooks: Readonly<Record<ChartMark['kind'], Look>> = {
  action: { sign: '◆', tone: 'calm', word: 'operator' },
  outage: { sign: '▲', tone: 'warn', word: 'outage' },
  full: { sign: '■', tone: 'warn', word: 'full' },
  disk: { sign: '▬', tone: 'bad', word: 'disk' },
  failed: { sign: '✕', tone: 'bad', word: 'failed' },
  reload: { sign: '↻', tone: 'calm', word: 'configuration' },
  slept: { sign: '☾', tone: 'calm', word: 'asleep' },
  begun: { sign: '▸', tone: 'calm', word: 'first start' },
  down: { sign: '◌', tone: 'bad', word: 'not running' },
}

/** A band or a flag in the picture, in fractions of its width. */
export interface PlacedMark {
  readonly left: number
  /** 0 for a moment. */
  readonly width: number
  readonly sign: string
  readonly tone: Look['tone']
  readonly texts: readonly string[]
}

/** Where the marks lie from `from` to `to`; moments closer to each other than `least` of the width are one flag. */
export function placeMarks(marks: readonly ChartMark[], from: number, to: number, least: number): PlacedMark[] {
  const bands: PlacedMark[] = []
  const flags: PlacedMark[] = []
  const at = (time: number) => Math.min(1, Math.max(0, (time - from) / (to - from)))
  for (const mark of marks) {
    const end = mark.to ?? to
    if (end < from || mark.from > to) continue
    const { sign, tone } = markLooks[mark.kind]
    const left = at(mark.from)
    const width = at(end) - left
    if (mark.to !== mark.from && width > 0) {
      bands.push({ left, width, sign, tone, texts: [mark.text] })
      continue
    }
    const last = flags.at(-1)
    if (last === undefined || left - last.left >= least) flags.push({ left, width: 0, sign, tone, texts: [mark.text] })
    else
      flags[flags.length - 1] = {
        ...last,
        sign: last.sign === sign ? sign : '…',
        tone: last.tone === tone ? tone : 'warn',
        texts: [...last.texts, mark.text],
      }
  }
  return [...bands, ...flags]
}
