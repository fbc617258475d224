import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { ShownSecrets } from '../connection/desktop-bridge.ts'
import { useNotices } from './notices.ts'

/** The secrets that the desktop keeps, by name. A value goes there once and is never seen here again. */
export const useSecrets = defineStore('secrets', () => {
  const desktop = window.sluice?.desktop
  const notices = useNotices()
  /** Undefined until the desktop has answered, and in a browser. */
  const shown = shallowRef<ShownSecrets>()
  const problem = ref('')

  async function load(): Promise<void> {
    if (desktop === undefined) return
    try {
      shown.value = await desktop.secrets()
      problem.value = ''
    } catch (error) {
      problem.value = textOf(error)
    }
  }

  /** Empty when it is kept; otherwise why not. */
  async function keep(name: string, value: string): Promise<string> {
    try {
      await desktop?.keepSecret(name, value)
    } catch (error) {
      return textOf(error)
    }
    notices.done(`${name} is kept`)
    await load()
    return ''
  }

  async function remove(name: string): Promise<void> {
    await say(`${name} is removed`, () => desktop?.forgetSecret(name))
  }

  async function settle(): Promise<void> {
    await say('The warning is taken away', () => desktop?.settleSecrets())
  }

  async function say(done: string, work: () => Promise<void> | undefined): Promise<void> {
    try {
      await work()
      notices.done(done)
    } catch (error) {
      notices.error(textOf(error))
    }
    await load()
  }

  return {
    ...{ shown, problem, load, keep, remove, settle },
    /** Whether there is anything that could keep a secret: not in a browser. */
    onDesktop: desktop !== undefined,
    missing: computed(() =>
      (shown.value?.secrets ?? []).filter(({ given }) => given === 'missing' || given === 'unreadable'),
    ),
  }
})

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
