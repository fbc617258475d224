import { onScopeDispose, type Ref, ref, shallowRef, watch, type WatchSource } from 'vue'

/** What was answered last, whether something newer is on its way, and what went wrong. */
export interface Asked<Answer> {
  readonly answer: Readonly<Ref<Answer | undefined>>
  readonly problem: Readonly<Ref<string>>
  /** Asks now. */
  again(): void
}

/**
 * Asks whenever `question` changes and every `every` milliseconds, while the page is visible. A question that is
 * overtaken by the next one is cancelled; the last answer stays on view until there is a newer one.
 */
export function useAskAgain<Question, Answer>(
  question: WatchSource<Question>,
  ask: (question: Question, signal: AbortSignal) => Promise<Answer>,
  every = 2_000,
): Asked<Answer> {
  const answer = shallowRef<Answer>()
  const problem = ref('')
  let present: Question
  let asking: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  function again(): void {
    asking?.abort()
    clearTimeout(timer)
    if (document.visibilityState === 'hidden') return
    const mine = new AbortController()
    asking = mine
    ask(present, mine.signal)
      .then((given) => {
        if (mine.signal.aborted) return
        answer.value = given
        problem.value = ''
      })
      .catch((error: unknown) => {
        if (!mine.signal.aborted) problem.value = error instanceof Error ? error.message : String(error)
      })
      .finally(() => {
        if (!mine.signal.aborted) timer = setTimeout(again, every)
      })
  }

  watch(
    question,
    (next) => {
      present = next
      again()
    },
    { immediate: true },
  )
  document.addEventListener('visibilitychange', again)
  onScopeDispose(() => {
    asking?.abort()
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', again)
  })
  return { answer, problem, again }
}
