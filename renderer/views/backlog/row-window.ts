import { computed, onScopeDispose, type Ref, ref, watch } from 'vue'

/** Pixels of a row. */
export const rowHeight = 24
/**
 * Most pixels that a scrolled element may have: browsers stop at some 33 million, so beyond this a pixel of the
 * scrollbar stands for more than a pixel of the list. A library that maps one to one cannot show 10 million rows.
 */
const mostPixels = 8_000_000
const above = 1

/** Which rows of a long list are to be drawn, and how it is scrolled. */
export interface RowWindow {
  /** The first row and the one behind the last that are to be drawn. */
  readonly from: Readonly<Ref<number>>
  readonly to: Readonly<Ref<number>>
  /** Pixels of the element that is scrolled. */
  readonly height: Readonly<Ref<number>>
  /** Where a row stands, in pixels from the top of what is visible. */
  top(row: number): number
  /** At least as many as the rows that are ever to be drawn at once. */
  readonly lines: Readonly<Ref<number>>
  /** Rows that fit at once. */
  readonly fitting: Readonly<Ref<number>>
  /** Scrolls so that the row is visible; `start` puts it at the top. */
  show(row: number, start?: boolean): void
  /** The row at the top; fractions of a row count. */
  readonly first: Readonly<Ref<number>>
  /** Keeps what is visible in place when so many rows before it went. */
  shift(rows: number): void
}

/** Turns the scrolling of `box`, at whose top a head of `headHeight` pixels stays, into rows. A turn of the wheel moves rows exactly, whatever a pixel stands for. */
export function useRowWindow(box: Ref<HTMLElement | null>, count: Ref<number>, headHeight: number): RowWindow {
  const viewport = ref(400)
  const first = ref(0)
  /** What we have set ourselves: its scroll event is none of the user's. */
  let ownScroll = -1

  const fitting = computed(() => Math.max(1, Math.floor(viewport.value / rowHeight)))
  const lastFirst = computed(() => Math.max(0, count.value - viewport.value / rowHeight))
  const height = computed(() => Math.min(Math.max(count.value * rowHeight, 0), mostPixels))
  const room = () => Math.max(1, height.value - viewport.value)

  function put(row: number): void {
    first.value = Math.min(Math.max(0, row), lastFirst.value)
    const element = box.value
    if (element === null) return
    const scroll = lastFirst.value === 0 ? 0 : (first.value / lastFirst.value) * room()
    if (Math.abs(element.scrollTop - scroll) < 1) return
    element.scrollTop = scroll
    ownScroll = element.scrollTop
  }

  function scrolled(): void {
    const element = box.value
    if (element === null) return
    if (Math.abs(element.scrollTop - ownScroll) < 1) return
    ownScroll = -1
    first.value = Math.min(lastFirst.value, (element.scrollTop / room()) * lastFirst.value)
  }

  function wheeled(event: WheelEvent): void {
    if (event.ctrlKey || event.deltaY === 0) return
    event.preventDefault()
    const pixels =
      event.deltaMode === 1
        ? event.deltaY * rowHeight
        : event.deltaMode === 2
          ? event.deltaY * viewport.value
          : event.deltaY
    put(first.value + pixels / rowHeight)
  }

  const measure = () => {
    viewport.value = Math.max(rowHeight, (box.value?.clientHeight ?? 400) - headHeight)
  }
  const observer = new ResizeObserver(() => {
    measure()
  })
  watch(
    box,
    (element, before) => {
      observer.disconnect()
      before?.removeEventListener('scroll', scrolled)
      before?.removeEventListener('wheel', wheeled)
      if (element === null) return
      measure()
      observer.observe(element)
      element.addEventListener('scroll', scrolled, { passive: true })
      element.addEventListener('wheel', wheeled, { passive: false })
    },
    { flush: 'post', immediate: true },
  )
  watch([count, viewport], () => put(first.value), { flush: 'post' })
  onScopeDispose(() => observer.disconnect())

  return {
    first,
    fitting,
    lines: computed(() => Math.ceil(viewport.value / rowHeight) + 2 * above + 2),
    height,
    from: computed(() => Math.max(0, Math.floor(first.value) - above)),
    to: computed(() => Math.min(count.value, Math.ceil(first.value + viewport.value / rowHeight) + above)),
    top: (row) => (row - first.value) * rowHeight,
    show(row, start = false) {
      if (start || row < first.value) put(row)
      else if (row + 1 > first.value + viewport.value / rowHeight) put(row + 1 - viewport.value / rowHeight)
    },
    shift: (rows) => put(first.value - rows),
  }
}
