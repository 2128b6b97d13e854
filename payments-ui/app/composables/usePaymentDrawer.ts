/** Narrower screens (below Tailwind's lg) have no room for a list and a drawer: there a row opens the payment's page. */
const WIDE = '(min-width: 64rem)'
const PAYMENT_PATH = /^\/payments\/([^/]+)$/

/** The payment in the drawer next to the list. It is in the URL, so that a link and the back button restore it. */
export function usePaymentDrawer() {
  const route = useRoute()
  const router = useRouter()
  const path = route.path
  const id = ref(paymentOf(route.query))
  // During navigation away from the page, the route is already the next page's.
  watch(() => route.query, (query) => {
    if (route.path === path)
      id.value = paymentOf(query)
  })

  /** Opens a payment. Another payment takes its place without a further step back. */
  function open(payment: string): void {
    const to = { path, query: { ...route.query, payment } }
    void (id.value === null ? router.push(to) : router.replace(to))
  }

  function close(): void {
    if (id.value === null)
      return
    const link = document.querySelector<HTMLElement>(`[data-testid=payment-row] a[href="/payments/${CSS.escape(id.value)}"]`)
    const { payment: _, ...query } = route.query
    void router.replace({ path, query })
    link?.focus({ preventScroll: true })
  }

  /** For clicks on the list: a row opens the drawer. A second click or Enter on it moves the focus into the drawer. */
  function follow(event: MouseEvent): void {
    const href = (event.target as Element).closest('[data-testid=payment-row] a')?.getAttribute('href')
    const payment = PAYMENT_PATH.exec(href ?? '')?.[1]
    if (!payment || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || !window.matchMedia(WIDE).matches)
      return
    event.preventDefault()
    event.stopPropagation()
    if (payment === id.value)
      document.querySelector<HTMLElement>('[data-testid=payment-drawer] a')?.focus()
    else
      open(payment)
  }

  return { id: shallowReadonly(id), open, close, follow }
}

function paymentOf({ payment }: ReturnType<typeof useRoute>['query']): string | null {
  return typeof payment === 'string' && isPaymentId(payment)
    ? payment
    : null
}
