import { computed, type ComputedRef, shallowRef, watch, type WritableComputedRef } from 'vue'
import { type LocationQueryRaw, useRoute, useRouter } from 'vue-router'
import type { SubscriptionParams } from '../../../core/control/contract.ts'

export const eventScopes = [
  { value: 'open', text: 'Open' },
  { value: 'all', text: 'All' },
] as const
export type EventScope = (typeof eventScopes)[number]['value']

export interface EventFilter {
  readonly scope: WritableComputedRef<EventScope>
  /** Empty: of every part, with every code. */
  readonly component: WritableComputedRef<string>
  readonly code: WritableComputedRef<string>
  readonly text: WritableComputedRef<string>
  readonly params: ComputedRef<SubscriptionParams<'events'>>
  /** Ends all but the scope. */
  readonly clear: () => void
}

/** The filter lies in the address, so that a link, a notice and the back button bring it back. */
export function useEventFilter(): EventFilter {
  const route = useRoute()
  const router = useRouter()
  // The address follows a moment later: a change that came meanwhile must not begin from what it still says.
  const query = shallowRef<LocationQueryRaw>(route.query)
  watch(
    () => route.query,
    (present) => (query.value = present),
  )
  const replace = (next: LocationQueryRaw) => {
    query.value = next
    void router.replace({ query: next })
  }
  const read = (name: string) => {
    const value = query.value[name]
    return typeof value === 'string' ? value : ''
  }
  const write = (name: string, value: string) => {
    const others = Object.fromEntries(Object.entries(query.value).filter(([key]) => key !== name))
    replace(value === '' ? others : { ...others, [name]: value })
  }
  const field = (name: string) => computed({ get: () => read(name), set: (value) => write(name, value) })
  const [component, code, text] = [field('component'), field('code'), field('text')]
  const scope = computed<EventScope>({
    get: () => (read('show') === 'all' ? 'all' : 'open'),
    set: (value) => write('show', value === 'open' ? '' : value),
  })
  const params = computed(() => ({
    acknowledged: scope.value === 'all',
    ...(component.value === '' ? {} : { component: component.value }),
    ...(code.value === '' ? {} : { code: code.value }),
    ...(text.value === '' ? {} : { text: text.value }),
  }))
  return {
    scope,
    component,
    code,
    text,
    params,
    clear: () => replace(scope.value === 'all' ? { show: 'all' } : {}),
  }
}
