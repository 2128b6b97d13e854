import type { AccountPage } from '#shared/types/account'
import type { FoundPayment } from '~/utils/find-payment'
import { useDebounceFn } from '@vueuse/core'

/** Something that the API knows, and where it is. */
export interface FoundItem {
  label: string
  suffix?: string
  icon: string
  to: string
}

const TYPING_PAUSE_MS = 200
const MAX_ACCOUNTS = 5

/** Finds the payment with the typed id or idempotency key, and the accounts that begin with the text, each with its payments. */
export function usePaletteSearch(term: Readonly<Ref<string>>) {
  const found = shallowRef<FoundItem[]>([])
  const searching = ref(false)

  const search = useDebounceFn(async (text: string) => {
    const [payment, accounts] = await Promise.all([findPayment(text), accountsNamed(text)])
    if (cleanTyped(term.value) !== text)
      return // typed on meanwhile
    found.value = [...paymentItems(payment), ...accounts.flatMap(accountItems)]
    searching.value = false
  }, TYPING_PAUSE_MS)

  watch(() => cleanTyped(term.value), (text) => {
    found.value = []
    searching.value = text !== ''
    if (text !== '')
      void search(text)
  })

  return { found: shallowReadonly(found), searching: shallowReadonly(searching) }
}

/** A settlement account is in no list, so only its whole name finds it. */
async function accountsNamed(text: string): Promise<string[]> {
  if (isSettlementAccountId(text))
    return (await fetchJson(`/api/accounts/${encodeURIComponent(text)}`)).ok ? [text] : []
  if (!isAccountId(text))
    return []
  const result = await fetchJson<AccountPage>('/api/accounts', { query: { prefix: text, limit: MAX_ACCOUNTS } })
  return result.ok ? result.body.accounts.map(({ id }) => id) : []
}

function paymentItems(found: FoundPayment): FoundItem[] {
  if (found.kind === 'none' || found.kind === 'failed')
    return []
  if (found.kind === 'refund') {
    const { id, accountId, amount, currency, status } = found.refund
    return [{ label: `Refund of ${formatMoney(amount, currency)} ${currency} from ${accountId}`, suffix: paymentStatusLook(status).label, icon: 'i-lucide-undo-2', to: `/refunds/${id}` }]
  }
  const { id, accountId, amount, currency, status } = found.payment
  return [{
    label: `Payment of ${formatMoney(amount, currency)} ${currency} to ${accountId}`,
    suffix: found.kind === 'key' ? 'has this idempotency key' : paymentStatusLook(status).label,
    icon: 'i-lucide-arrow-left-right',
    to: `/payments/${id}`,
  }]
}

function accountItems(id: string): FoundItem[] {
  const account = { label: accountTitle(id), suffix: 'account', icon: 'i-lucide-book-open', to: `/accounts/${id}` }
  return isAccountId(id)
    ? [account, { label: `Payments to ${id}`, icon: 'i-lucide-list-filter', to: `/?${new URLSearchParams({ accountId: id })}` }]
    : [account]
}
