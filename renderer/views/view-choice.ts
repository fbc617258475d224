import { type Ref, ref, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/** One of a view's choices, kept in its address (`?range=1h`), so that a reload and a link bring it back. */
export function useViewChoice<Value extends string>(
  name: string,
  choices: readonly { readonly value: Value }[],
  otherwise: Value,
): Ref<Value> {
  const route = useRoute()
  const router = useRouter()
  const named = () => choices.find(({ value }) => value === route.query[name])?.value ?? otherwise
  const choice = ref(named()) as Ref<Value>
  watch(choice, (value) => {
    const { [name]: before, ...others } = route.query
    if ((before ?? otherwise) !== value)
      void router.replace({ query: value === otherwise ? others : { ...others, [name]: value } })
  })
  watch(
    () => route.query[name],
    () => (choice.value = named()),
  )
  return choice
}
