import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { CallResult } from '../../core/control/contract.ts'
import { useConnection } from '../connection/connection.ts'
import { useNotices } from './notices.ts'
import { useSession } from './session.ts'

export type ConfigFile = CallResult<'configGet'>[number]
export type Preview = CallResult<'configPreview'>
export type Finding = Preview['findings'][number]
export type Version = CallResult<'configVersions'>[number]

/** Milliseconds without a key press after which the text is checked. */
const settleTime = 300

/**
 * The configuration as it is being edited, checked as one types. It outlives a visit to another view; a page that is
 * closed loses it, a running agent never sees it before "Apply".
 */
export const useDraft = defineStore('draft', () => {
  const connection = useConnection()
  const session = useSession()
  const notices = useNotices()
  /** What the agent runs on. */
  const saved = shallowRef<readonly ConfigFile[]>([])
  const texts = ref<Record<string, string>>({})
  const file = ref('')
  const preview = shallowRef<Preview>()
  const versions = shallowRef<readonly Version[]>([])
  const problem = ref('')
  const checking = ref(false)
  const applying = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let asking: AbortController | undefined

  const files = computed(() => saved.value.map(({ path }) => ({ path, text: texts.value[path] ?? '' })))
  const changed = computed(() => saved.value.some(({ path, text }) => texts.value[path] !== text))
  const findings = computed(() => preview.value?.findings ?? [])

  const told = (error: unknown) => (error instanceof Error ? error.message : String(error))

  /** Fetches what runs; what was being edited is kept unless `anew`. */
  async function load(anew = false): Promise<void> {
    try {
      const [present, past] = await Promise.all([
        // Who may not change it sees it without its secrets.
        connection.call(session.agent, session.mayConfigure ? 'configGet' : 'configShown', {}),
        connection.call(session.agent, 'configVersions', {}),
      ])
      const keep = changed.value && !anew
      saved.value = present
      versions.value = past
      if (!keep) texts.value = Object.fromEntries(present.map(({ path, text }) => [path, text]))
      if (!present.some(({ path }) => path === file.value)) file.value = present[0]?.path ?? ''
      problem.value = ''
      await check()
    } catch (error) {
      problem.value = told(error)
    }
  }

  async function check(): Promise<void> {
    clearTimeout(timer)
    asking?.abort()
    if (files.value.length === 0 || !session.mayConfigure) return
    const mine = new AbortController()
    asking = mine
    checking.value = true
    try {
      const answer = await connection.call(session.agent, 'configPreview', { files: files.value }, mine.signal)
      if (!mine.signal.aborted) preview.value = answer
    } catch (error) {
      if (!mine.signal.aborted) problem.value = told(error)
    } finally {
      if (!mine.signal.aborted) checking.value = false
    }
  }

  function edit(path: string, text: string): void {
    texts.value = { ...texts.value, [path]: text }
    checking.value = true
    clearTimeout(timer)
    timer = setTimeout(() => void check(), settleTime)
  }

  /** True when it was applied; otherwise a notice or the findings say why not. */
  async function apply(): Promise<boolean> {
    return await finish(() => connection.call(session.agent, 'configApply', { files: files.value, by: 'window' }))
  }

  async function rollBack(id: number): Promise<boolean> {
    return await finish(() => connection.call(session.agent, 'configRollback', { id, by: 'window' }))
  }

  async function finish(work: () => Promise<CallResult<'configApply'>>): Promise<boolean> {
    applying.value = true
    try {
      const { applied } = await work()
      if (applied) notices.done('The configuration is applied')
      else notices.error('The configuration has errors and was not applied')
      await load(applied)
      return applied
    } catch (error) {
      notices.error(told(error))
      return false
    } finally {
      applying.value = false
    }
  }

  watch(
    () => session.agent,
    () => {
      saved.value = []
      texts.value = {}
      preview.value = undefined
      problem.value = ''
    },
  )

  return {
    ...{ files, file, texts, saved, changed, findings, preview, versions, problem, checking, applying },
    ...{ load, check, edit, apply, rollBack },
  }
})
