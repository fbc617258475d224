import { defineStore } from 'pinia'
import { ref, watch } from 'vue'

export const themes = [
  { value: 'system', text: 'System theme' },
  { value: 'light', text: 'Light' },
  { value: 'dark', text: 'Dark' },
] as const
export type Theme = (typeof themes)[number]['value']

const place = 'sluice-theme'

/** The system's colours unless the user chose; the choice stays with this browser or desktop. */
export const useTheme = defineStore('theme', () => {
  const kept = localStorage.getItem(place)
  const theme = ref<Theme>(themes.find(({ value }) => value === kept)?.value ?? 'system')
  watch(
    theme,
    (chosen) => {
      localStorage.setItem(place, chosen)
      if (chosen === 'system') delete document.documentElement.dataset.theme
      else document.documentElement.dataset.theme = chosen
    },
    { immediate: true },
  )
  return { theme }
})
