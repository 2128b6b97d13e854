import { expect, it } from 'vitest'
import { chooseAccount } from '../../app/utils/find-account'

function page(ids: string[], nextCursor: string | null = null) {
  return {
    accounts: ids.map(id => ({ id, currency: 'USD', balance: '0.00', entryCount: 0, updatedAt: '' })),
    nextCursor,
  }
}

it('takes the account with exactly the name, then in another case, then the only one that begins so', () => {
  expect(chooseAccount('acc', page(['ACC', 'acc', 'acc-1']))).toEqual({ kind: 'one', accountId: 'acc' })
  expect(chooseAccount('acc', page(['ACC', 'acc-1']))).toEqual({ kind: 'one', accountId: 'ACC' })
  expect(chooseAccount('acc', page(['ACC-001']))).toEqual({ kind: 'one', accountId: 'ACC-001' })
})

it('offers several accounts, and none', () => {
  expect(chooseAccount('acc', page(['ACC-1', 'ACC-2'], 'ACC-2'))).toEqual({ kind: 'several', accountIds: ['ACC-1', 'ACC-2'], more: true })
  expect(chooseAccount('Acc', page(['ACC', 'acc']))).toEqual({ kind: 'several', accountIds: ['ACC', 'acc'], more: false })
  expect(chooseAccount('foo', page([]))).toEqual({ kind: 'none' })
})
