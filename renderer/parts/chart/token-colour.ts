import { onScopeDispose, type Ref, ref, watch } from 'vue'
import { useTheme } from '../../stores/theme.ts'

/** What a token of tokens.css is at this element now. A canvas knows no custom property and no `light-dark()`. */
export function tokenColour(element: HTMLElement, token: string): string {
  const before = element.style.color
  element.style.color = `var(${token})`
  const colour = getComputedStyle(element).color
  element.style.color = before
  return colour
}

/** Counts the changes of theme, by the user's choice or the system's. */
export function useThemeChanges(): Ref<number> {
  const changes = ref(0)
  const theme = useTheme()
  const count = () => changes.value++
  watch(() => theme.theme, count, { flush: 'post' })
  const queries = ['(prefers-color-scheme: dark)', '(forced-colors: active)'].map((query) => matchMedia(query))
  for (const query of queries) query.addEventListener('change', count)
  onScopeDispose(() => {
    for (const query of queries) query.removeEventListener('change', count)
  })
  return changes
}
