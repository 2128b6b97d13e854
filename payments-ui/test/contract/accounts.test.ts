import type { BalanceAfter } from '../../shared/types/account.ts'
import type { Reads } from './support/expected.ts'
import assert from 'node:assert/strict'
import { Matchers } from '@pact-foundation/pact'
import { expectProblem, expectResponse } from './support/expect-response.ts'
import { account, ACCOUNT_ID, balance, balanceAfter, cursor, entry, fact, refundEntry } from './support/expected.ts'
import { clientOf, pact } from './support/pact.ts'

const { eachLike, nullValue, regex } = Matchers

const ofAccount = (path = '') => fact('accountId', ACCOUNT_ID, id => `/accounts/${id}${path}`)
const settledPayments = (...amounts: string[]): [string, { amounts: string[] }] => ['payments of an account have settled', { amounts }]

/** A period in which the payments of the state were posted. */
const [FROM, TO] = ['2026-11-23T16:00:00.000Z', '2026-11-23T17:00:00.000Z']
const period = new URLSearchParams({ from: FROM, to: TO })

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

  it('had a balance at an instant', () => expectResponse({
    given: settledPayments('100.00', '250.00'),
    description: 'the balance of an account at an instant',
    path: ofAccount('/balance'),
    query: { at: fact('to', TO) },
    call: client => client.accountBalance(ACCOUNT_ID, new URLSearchParams({ at: TO })),
  }, balance))

  it('say that an instant is wrong', () => expectProblem({
    given: settledPayments('100.00'),
    description: 'the balance of an account at a wrong instant',
    path: ofAccount('/balance'),
    query: { at: '2026-02-30T00:00:00Z' },
    call: client => client.accountBalance(ACCOUNT_ID, new URLSearchParams({ at: '2026-02-30T00:00:00Z' })),
  }, 'invalid-parameter', 400, { parameter: 'at' }))

  it('have a history', () => expectResponse({
    given: settledPayments('100.00', '250.00'),
    description: 'the history of an account\'s balance',
    path: ofAccount('/history'),
    call: client => client.accountHistory(ACCOUNT_ID),
  }, { points: eachLike({ accountVersion: entry.accountVersion, balance: balanceAfter, createdAt: entry.createdAt } satisfies Reads<BalanceAfter>) }))

  it('have a statement as CSV', () => pact.addInteraction()
    .given(...settledPayments('100.00', '250.00'))
    .uponReceiving('the statement of an account for a period as CSV')
    .withRequest('GET', ofAccount('/statement.csv'), request => request
      .query({ from: fact('from', FROM), to: fact('to', TO) })
      .headers({ accept: 'text/csv' }))
    .willRespondWith(200, response => response
      .headers({ 'Content-Type': regex('text/csv(;.*)?', 'text/csv') }))
    .executeTest(async (server) => {
      const result = await clientOf(server).exportStatement(ACCOUNT_ID, period, AbortSignal.timeout(30_000))
      assert.ok(result.ok)
      await result.body.cancel()
    }))

  it('have entries of a period', () => expectResponse({
    given: settledPayments('100.00', '250.00'),
    description: 'the entries of an account in a period',
    path: ofAccount('/entries'),
    query: { from: fact('from', FROM), to: fact('to', TO), limit: '200' },
    call: client => client.listEntries(ACCOUNT_ID, new URLSearchParams({ from: FROM, to: TO, limit: '200' })),
  }, { entries: eachLike(entry), nextCursor: nullValue() }))

  it('have entries', () => expectResponse({
    given: settledPayments('100.00', '250.00'),
    description: 'the newest entry of an account',
    path: ofAccount('/entries'),
    query: { limit: '1' },
    call: client => client.listEntries(ACCOUNT_ID, new URLSearchParams({ limit: '1' })),
  }, { entries: eachLike(entry), nextCursor: cursor }))

  it('have entries of refunds', () => expectResponse({
    given: ['a refund of a payment has settled'],
    description: 'the newest entry of an account, of a refund',
    path: ofAccount('/entries'),
    query: { limit: '1' },
    call: client => client.listEntries(ACCOUNT_ID, new URLSearchParams({ limit: '1' })),
  }, { entries: eachLike(refundEntry), nextCursor: cursor }))

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
    ['history', '/history', client => client.accountHistory('nobody')],
  ] as [string, string, Parameters<typeof expectProblem>[0]['call']][]) {
    it(`without payments are not found: ${what}`, () => expectProblem({
      description: `the ${what} of an account that was never seen`,
      path: `/accounts/nobody${path}`,
      call,
    }, 'not-found', 404))
  }
})
