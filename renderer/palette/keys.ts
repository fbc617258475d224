import { onScopeDispose } from 'vue'
import { useRouter } from 'vue-router'
import { places } from '../views/places.ts'

/** Milliseconds in which the second key of `g f` must come. */
const pairWithin = 1_500

/** The window's own keys: Ctrl K or ⌘K for the palette, `g` and a view's letter to go there. Fields keep theirs. */
export function useKeys(openPalette: () => void): void {
  const router = useRouter()
  let wentAt = -Infinity
  const pressed = (event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      openPalette()
      return
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return
    const place = places.find(({ key }) => key === event.key)
    if (event.timeStamp - wentAt < pairWithin && place) void router.push(place.path)
    wentAt = event.key === 'g' ? event.timeStamp : -Infinity
  }
  window.addEventListener('keydown', pressed)
  onScopeDispose(() => window.removeEventListener('keydown', pressed))
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, select, textarea, [contenteditable]') !== null
}
