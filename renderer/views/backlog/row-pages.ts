import { shallowRef, triggerRef } from 'vue'
import type { CallResult } from '../../../core/control/contract.ts'

export type Row = CallResult<'backlogPage'>['rows'][number]

/** Rows of one page; a page holds the events whose numbers share a multiple of this. */
export const pageSize = 100
/** Pages that are kept; the ones that were used longest ago go first. */
const mostPages = 60
const mostAsking = 2

interface Page {
  /** By number; an event of the page that is not in it does not wait any more. */
  readonly rows: ReadonlyMap<number, Row>
  /** The number that the next event to come had when it was fetched: what came later is not in it. */
  readonly until: number
}

export type FetchPage = (firstEvent: number, signal: AbortSignal) => Promise<readonly Row[]>

/** What of a backlog has been fetched, by event numbers, which never change; fetches what is looked at. */
export class RowPages {
  readonly #fetch: FetchPage
  readonly #pages = shallowRef(new Map<number, Page>())
  readonly #asking = new Map<number, AbortController>()
  #wanted: number[] = []
  #next = 0
  /** Why the last fetch failed; empty when it did not. */
  readonly problem = shallowRef('')

  constructor(fetch: FetchPage) {
    this.#fetch = fetch
  }

  /** The event's row; `gone` when it does not wait any more, undefined when it is not known yet. */
  row(number: number): Row | 'gone' | undefined {
    const page = this.#pages.value.get(Math.floor(number / pageSize))
    if (page === undefined) return undefined
    const row = page.rows.get(number)
    return row ?? (number < page.until ? 'gone' : undefined)
  }

  /** Says which events are in view, `[from, to)`, and which number the next one to come will have. */
  look(from: number, to: number, next: number): void {
    this.#next = next
    const pages: number[] = []
    for (let page = Math.floor(from / pageSize); page * pageSize < to; page++) {
      const known = this.#pages.value.get(page)
      // The last page grows.
      if (known === undefined || (known.until < Math.min(next, (page + 1) * pageSize) && known.until < to))
        pages.push(page)
    }
    this.#wanted = pages
    for (const [page, asking] of this.#asking) if (!pages.includes(page)) asking.abort()
    this.#ask()
  }

  /** Forgets everything: another channel is looked at. */
  clear(): void {
    for (const asking of this.#asking.values()) asking.abort()
    this.#asking.clear()
    this.#wanted = []
    this.#pages.value = new Map()
    this.problem.value = ''
  }

  #ask(): void {
    for (const page of this.#wanted) {
      if (this.#asking.size >= mostAsking) return
      if (!this.#asking.has(page)) void this.#askFor(page)
    }
  }

  async #askFor(page: number): Promise<void> {
    const mine = new AbortController()
    this.#asking.set(page, mine)
    const until = this.#next
    try {
      const rows = await this.#fetch(page * pageSize, mine.signal)
      if (mine.signal.aborted) return
      const own = rows.filter(({ number }) => Math.floor(number / pageSize) === page)
      const pages = this.#pages.value
      pages.delete(page)
      pages.set(page, { rows: new Map(own.map((row) => [row.number, row])), until })
      for (const old of pages.keys()) {
        if (pages.size <= mostPages) break
        pages.delete(old)
      }
      this.#wanted = this.#wanted.filter((one) => one !== page)
      this.problem.value = ''
      triggerRef(this.#pages)
    } catch (error) {
      if (mine.signal.aborted) return
      this.#wanted = []
      this.problem.value = error instanceof Error ? error.message : String(error)
    } finally {
      if (this.#asking.get(page) === mine) this.#asking.delete(page)
      this.#ask()
    }
  }
}
