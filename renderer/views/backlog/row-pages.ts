import { shallowRef, triggerRef } from 'vue'
import type { CallResult } from '../../../core/control/contract.ts'

export type Row = CallResult<'backlogPage'>['rows'][number]

/** Rows of one page; a page holds the events whose numbers share a multiple of this. */
export const pageSize = 100
/** Pages that are kept; the ones that were used longest ago go first. */
const mostPages = 60
const mostAsking = 2
/** Milliseconds after which a page that is not in view any more is not waited for. */
const longAsked = 250
/** Least milliseconds between two places that are asked for: a scrollbar that is dragged comes by another at each frame. */
const leastBetween = 40

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
  readonly #asking = new Map<number, { readonly over: AbortController; readonly since: number }>()
  readonly #now: () => number
  #wanted: number[] = []
  #next = 0
  #lookedAt = -Infinity
  #later: ReturnType<typeof setTimeout> | undefined
  /** Why the last fetch failed; empty when it did not. */
  readonly problem = shallowRef('')

  /** `now`: a steady clock, in milliseconds. */
  constructor(fetch: FetchPage, now: () => number = () => performance.now()) {
    this.#fetch = fetch
    this.#now = now
  }

  /** The event's row; `gone` when it does not wait any more, undefined when it is not known yet. */
  row(number: number): Row | 'gone' | undefined {
    const page = this.#pages.value.get(Math.floor(number / pageSize))
    if (page === undefined) return undefined
    const row = page.rows.get(number)
    return row ?? (number < page.until ? 'gone' : undefined)
  }

  /** Takes rows in ascending order, without a gap among those that wait, that were fetched before anybody said what is in view. */
  take(rows: readonly Row[]): void {
    const until = (rows.at(-1)?.number ?? -1) + 1
    for (const page of new Set(rows.map(({ number }) => Math.floor(number / pageSize))))
      if (!this.#pages.value.has(page)) this.#keep(page, rows, until)
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
    const near = pages.some((page) => this.#wanted.includes(page))
    this.#wanted = pages
    if (pages.length === 0) return
    const now = this.#now()
    for (const [page, { since }] of this.#asking)
      if (now - since >= longAsked && !pages.includes(page)) this.#giveUp(page)
    const wait = near ? 0 : this.#lookedAt + leastBetween - now
    if (wait <= 0) this.#askNow()
    else this.#later ??= setTimeout(() => this.#askNow(), wait)
  }

  /** Forgets everything: another channel is looked at. */
  clear(): void {
    for (const page of this.#asking.keys()) this.#giveUp(page)
    clearTimeout(this.#later)
    this.#later = undefined
    this.#wanted = []
    this.#pages.value = new Map()
    this.problem.value = ''
  }

  #giveUp(page: number): void {
    this.#asking.get(page)?.over.abort()
    this.#asking.delete(page)
  }

  #askNow(): void {
    clearTimeout(this.#later)
    this.#later = undefined
    this.#lookedAt = this.#now()
    this.#ask()
  }

  #ask(): void {
    for (const page of this.#wanted) {
      if (this.#asking.size >= mostAsking) return
      if (!this.#asking.has(page)) void this.#askFor(page)
    }
  }

  async #askFor(page: number): Promise<void> {
    const mine = { over: new AbortController(), since: this.#now() }
    this.#asking.set(page, mine)
    const until = this.#next
    try {
      const rows = await this.#fetch(page * pageSize, mine.over.signal)
      if (mine.over.signal.aborted) return
      this.#wanted = this.#wanted.filter((one) => one !== page)
      this.problem.value = ''
      this.#keep(page, rows, until)
    } catch (error) {
      if (mine.over.signal.aborted) return
      this.#wanted = []
      this.problem.value = error instanceof Error ? error.message : String(error)
    } finally {
      if (this.#asking.get(page) === mine) this.#asking.delete(page)
      if (this.#later === undefined) this.#ask()
    }
  }

  #keep(page: number, rows: readonly Row[], until: number): void {
    const own = rows.filter(({ number }) => Math.floor(number / pageSize) === page)
    const pages = this.#pages.value
    pages.delete(page)
    pages.set(page, { rows: new Map(own.map((row) => [row.number, row])), until })
    for (const old of pages.keys()) {
      if (pages.size <= mostPages) break
      pages.delete(old)
    }
    triggerRef(this.#pages)
  }
}
