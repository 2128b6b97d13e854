import assert from 'node:assert/strict'
import { call } from './support/api.ts'
import { seedPayments } from './support/seed-payments.ts'
import { useApi } from './support/use-api.ts'

interface Groups { groups: { error: string, jobs: number, amounts: { currency: string, amount: string }[], accounts: number, accountIds: string[], newestPaymentId: string, newestRefundId: string | null }[] }

describe('GET /recon-jobs/errors', () => {
  const { database, api } = useApi()

  const kill = (accountId: string, currency: string, amount: string, error: string): Promise<string> =>
    seedPayments(database, [{ accountId, currency, amount, result: null, job: 'dead' }]).then(async ([id]) => {
      await database.sql(`update recon_jobs set last_error = $2 where payment_id = $1`, [id, error])
      return id!
    })

  it('has no group without dead jobs', async () => {
    assert.deepEqual((await call<Groups>(`${api.url}/recon-jobs/errors`)).body, { groups: [] })
  })

  it('shows count, sums and accounts of each error, the most frequent first', async () => {
    const only = await kill('ACC-3', 'JPY', '7', 'no such account')
    await kill('ACC-1', 'USD', '900719925474099.13', 'locked')
    await kill('ACC-1', 'USD', '0.01', 'locked')
    const newest = await kill('ACC-2', 'EUR', '5.00', 'locked')
    await seedPayments(database, [{ accountId: 'ACC-1', amount: '9.00', result: null, job: 'pending' }])
    assert.deepEqual((await call<Groups>(`${api.url}/recon-jobs/errors`)).body.groups, [
      { error: 'locked', jobs: 3, amounts: [{ currency: 'EUR', amount: '5.00' }, { currency: 'USD', amount: '900719925474099.14' }], accounts: 2, accountIds: ['ACC-1', 'ACC-2'], newestPaymentId: newest, newestRefundId: null },
      { error: 'no such account', jobs: 1, amounts: [{ currency: 'JPY', amount: '7' }], accounts: 1, accountIds: ['ACC-3'], newestPaymentId: only, newestRefundId: null },
    ])
  })

  it('shows jobs without an error text as a group, which can be retried alone', async () => {
    const [before] = (await call<Groups>(`${api.url}/recon-jobs/errors`)).body.groups
    await kill('ACC-1', 'USD', '1.00', '')
    const group = (await call<Groups>(`${api.url}/recon-jobs/errors`)).body.groups.find(({ error }) => error === '')
    assert.equal(group?.jobs, 1)
    const { body } = await call(`${api.url}/recon-jobs/retry`, { method: 'POST', body: { error: '' } })
    assert.deepEqual(body, { retried: 1, remaining: 0 })
    assert.deepEqual((await call<Groups>(`${api.url}/recon-jobs/errors`)).body.groups[0], before)
  })
})
