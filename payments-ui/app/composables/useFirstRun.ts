import type { Payment } from '#shared/types/payment'

/** The longest that browsers keep a cookie. */
const KEPT_S = 400 * 86_400
const BEGUN = 'begun'
const OVER = 'over'

/**
 * The first steps of a reader whose system was empty. The cookie has `begun` and the completed steps while they go on, and `over` once all
 * are done or the reader has dismissed them: they never come back.
 */
export function useFirstRun({ payments, isEmpty }: {
  payments: Readonly<Ref<readonly Payment[]>>
  /** The list has loaded, has no filter and no payment. */
  isEmpty: Readonly<Ref<boolean>>
}) {
  const cookie = useCookie<string | null>('first-run', { maxAge: KEPT_S, sameSite: 'lax', decode: value => value === undefined || value === null ? null : decodeURIComponent(value) })
  const state = useState<string | null>('first-run', () => cookie.value ?? null)
  /** Keeps the steps on the page on which the last one was completed. */
  const finished = ref(false)
  const done = computed(() => new Set(state.value?.split('.') ?? []))

  function remember(value: string): void {
    state.value = value
    cookie.value = value
  }

  onMounted(() => watch([isEmpty, payments], () => {
    if (state.value === OVER || (state.value === null && !isEmpty.value))
      return
    const now = new Set([BEGUN, ...done.value, ...payments.value.flatMap(payment => completedStep(payment) ?? [])])
    finished.value = firstSteps.every(({ id }) => now.has(id))
    const next = finished.value ? OVER : [...now].join('.')
    if (next !== state.value)
      remember(next)
  }, { immediate: true }))

  return {
    shown: computed(() => finished.value || (state.value !== OVER && (state.value !== null || isEmpty.value))),
    finished: shallowReadonly(finished),
    isDone: (id: string) => finished.value || done.value.has(id),
    dismiss: () => {
      finished.value = false
      remember(OVER)
    },
  }
}
