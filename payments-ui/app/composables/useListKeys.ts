const ROW_LINKS = '[data-testid=payment-row] a[href^="/payments/"]'

/**
 * The keys of the payment list: `j` and `k` move through the rows (an open drawer follows), `c` goes to the form, Escape
 * closes the drawer.
 */
export function useListKeys({ create, drawer }: { create: () => void, drawer: ReturnType<typeof usePaymentDrawer> }): void {
  function move(by: 1 | -1): void {
    const links = [...document.querySelectorAll<HTMLElement>(ROW_LINKS)]
    const focused = links.indexOf(document.activeElement as HTMLElement)
    const at = focused >= 0
      ? focused
      : links.findIndex(link => link.getAttribute('href') === `/payments/${drawer.id.value}`)
    const link = links[Math.min(Math.max(at + by, 0), links.length - 1)]
    link?.focus()
    link?.scrollIntoView({ block: 'nearest' })
    const id = link?.getAttribute('href')?.split('/').at(-1)
    if (id && drawer.id.value !== null && id !== drawer.id.value)
      drawer.open(id)
  }

  useKeys({
    j: () => move(1),
    k: () => move(-1),
    c: create,
    Escape: drawer.close,
  })
}
