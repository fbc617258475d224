import { onScopeDispose, type Ref, ref, watch } from 'vue'
import type { Edge } from './flow-edges.ts'

/** An edge as it lies in the picture, in the container's pixels. */
export interface EdgeLine extends Edge {
  readonly path: string
  readonly labelX: number
  readonly labelY: number
}

/** Keeps the lines at their cards while cards and window change their sizes. Cards carry `data-part`. */
export function useEdgeLines(container: Ref<HTMLElement | null>, edges: Ref<readonly Edge[]>): Ref<EdgeLine[]> {
  const lines = ref<EdgeLine[]>([])
  const measure = () => {
    const root = container.value
    if (root === null) return
    const origin = root.getBoundingClientRect()
    const boxes = new Map<string, DOMRect>()
    for (const card of root.querySelectorAll<HTMLElement>('[data-part]'))
      boxes.set(card.dataset.part ?? '', card.getBoundingClientRect())
    lines.value = edges.value.flatMap((edge) => {
      const from = boxes.get(edge.from)
      const to = boxes.get(edge.to)
      if (from === undefined || to === undefined) return []
      const [x1, y1] = [from.right - origin.left, from.top + from.height / 2 - origin.top]
      const [x2, y2] = [to.left - origin.left, to.top + to.height / 2 - origin.top]
      const middle = (x1 + x2) / 2
      const path = `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`
      return [{ ...edge, path, labelX: middle, labelY: (y1 + y2) / 2 - 5 }]
    })
  }
  const observer = new ResizeObserver(measure)
  onScopeDispose(() => observer.disconnect())
  watch(
    [container, edges],
    ([root]) => {
      observer.disconnect()
      if (root === null) return
      observer.observe(root)
      for (const card of root.querySelectorAll('[data-part]')) observer.observe(card)
      measure()
    },
    { flush: 'post', immediate: true },
  )
  return lines
}
