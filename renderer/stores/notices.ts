import { defineStore } from 'pinia'
import { ref } from 'vue'

export interface Notice {
  readonly id: number
  readonly kind: 'done' | 'error'
  readonly text: string
}

/** How long a good notice stays, milliseconds; an error stays until it is closed. */
const shownFor = 5_000

/** Short answers to what the user did, read out by screen readers. */
export const useNotices = defineStore('notices', () => {
  const notices = ref<Notice[]>([])
  let lastId = 0

  function close(id: number): void {
    notices.value = notices.value.filter((one) => one.id !== id)
  }

  function show(kind: Notice['kind'], text: string): void {
    const id = ++lastId
    notices.value = [...notices.value.slice(-4), { id, kind, text }]
    if (kind === 'done') setTimeout(() => close(id), shownFor)
  }

  return { notices, close, done: (text: string) => show('done', text), error: (text: string) => show('error', text) }
})
