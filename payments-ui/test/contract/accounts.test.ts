import { Matchers } from '@pact-foundation/pact'
import { expectProblem, expectResponse } from './support/expect-response.ts'
import { account, ACCOUNT_ID, balance, cursor, entry, fact } from './support/expected.ts'

const { eachLike, nullValue } = Matchers

const ofAccount = (path = '') => fact('accountId', ACCOUNT_ID, id => `/accounts/${id}${path}`)
const settledPayments = (...amounts: string[]): [string, { amounts: string[] }] => ['payments of an account have settled', { amounts }]

describe('accounts', () => {
  it('are listed', () => expectResponse({
    given: settledPayments('100.00', '250.00'),
    description: 'the accounts whose ids begin so',
    path: '/accounts',
    query: { prefix: fact('accountId', ACCOUNT_ID) },
    call: client => client.listAccounts(new URLSearchParams({ prefix: ACCOUNT_ID })),
  }, { accounts: eachLike(account), nextCursor: nullValue() }))

  it('are found by their ids', () => expectResponse({
    given: settledPayments('100.00', '250.00'),
    description: 'an account',
    path: ofAccount(),
    call: client => client.findAccount(ACCOUNT_ID),
  }, account))

  it('have a balance', () => expectResponse({
    given: settledPayments('100.00', '250.00'),
    description: 'the balance of an account',
    path: ofAccount('/balance'),
    call: client => client.accountBalance(ACCOUNT_ID),
  }, balance))

  it('have entries', () => expectResponse({
    given: settledPayments('100.00', '250.00'),
    description: 'the newest entry of an account',
    path: ofAccount('/entries'),
    query: { limit: '1' },
    call: client => client.listEntries(ACCOUNT_ID, new URLSearchParams({ limit: '1' })),
  }, { entries: eachLike(entry), nextCursor: cursor }))

  it('have entries on further pages', () => expectResponse({
    given: settledPayments('100.00', '250.00'),
    description: 'the entries of an account after a page',
    path: ofAccount('/entries'),
    query: { cursor: fact('entriesCursor', '2') },
    call: client => client.listEntries(ACCOUNT_ID, new URLSearchParams({ cursor: '2' })),
  }, { entries: eachLike(entry), nextCursor: nullValue() }))

  for (const [what, path, call] of [
    ['account', '', client => client.findAccount('nobody')],
    ['balance', '/balance', client => client.accountBalance('nobody')],
    ['list of entries', '/entries', client => client.listEntries('nobody')],
  ] as [string, string, Parameters<typeof expectProblem>[0]['call']][]) {
    it(`without payments are not found: ${what}`, () => expectProblem({
      description: `the ${what} of an account that was never seen`,
      path: `/accounts/nobody${path}`,
      call,
    }, 'not-found', 404))
  }
})
