/**
 * The text of an input that is committed later. It follows the committed value, except while the user has typed something else:
 * no fetch, event or re-render may take typed text away.
 */
export function useDraft(committed: () => string, initial = committed()) {
  const typed = ref(initial)
  let followed = committed()
  watch(committed, (value) => {
    if (typed.value === followed || cleanTyped(typed.value) === value)
      typed.value = value
    followed = value
  })
  return typed
}
