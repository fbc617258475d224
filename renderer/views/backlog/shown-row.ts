import { formatCount } from '../../format/quantity.ts'
import { formatStamp } from '../../format/time.ts'
import { visibleText } from '../../../core/backlog/visible-text.ts'
import type { Row } from './row-pages.ts'

/** What the cells of a row say. */
export interface ShownRow {
  readonly at: string
  readonly size: string
  readonly headers: string
  readonly body: string
}

/** No screen shows more characters of a cell in one line; a browser shapes all that it is given. */
const mostCharacters = 400

const shown = new WeakMap<Row, ShownRow>()

/** The row in words, made once: a list that is scrolled draws it many times. */
export function shownRow(row: Row): ShownRow {
  let words = shown.get(row)
  if (words === undefined) {
    words = {
      at: formatStamp(row.at),
      size: formatCount(row.size),
      headers: ending(
        row.headers.map(([name, value]) => `${visibleText(name)}=${visibleText(value)}`).join(' '),
        row.headersCut,
        ' …',
      ),
      body:
        (row.bodyFrom > 0 ? '…' : '') + ending(row.binary ? `0x${row.body}` : visibleText(row.body), row.bodyCut, '…'),
    }
    shown.set(row, words)
  }
  return words
}

function ending(text: string, cut: boolean, more: string): string {
  if (text.length > mostCharacters) return `${text.slice(0, mostCharacters)}…`
  return cut ? text + more : text
}
