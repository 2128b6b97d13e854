import type { Knex } from 'knex'
import type { AccountRow } from '../sql/list-accounts.ts'
import type { Route } from './route.ts'
import { z } from 'zod'
import { balanceText } from '../domain/money.ts'
import { accountAt } from '../sql/account-at.ts'
import { findAccount } from '../sql/find-account.ts'
import { listAccounts } from '../sql/list-accounts.ts'
import { AccountPath, noSuchAccount } from './account-entries.ts'
import { cursorOver } from './cursor.ts'
import { InstantParameter } from './instant.ts'
import { sendProblem } from './problem.ts'
import { defineRoute } from './route.ts'
import { Account, Balance, Limit, pageOf } from './schemas.ts'

const Prefix = z.string().regex(/^[\w.-]{0,64}$/, 'must be letters, digits, ".", "_" or "-"')
const AtQuery = z.strictObject({
  at: InstantParameter.optional().describe('The balance after all entries up to and including this instant; now by default'),
})

export function accountRoutes({ db }: { db: Knex }): Route[] {
  return [
    defineRoute({
      tag: 'Accounts',
      operationId: 'listAccounts',
      method: 'get',
      path: '/accounts',
      summary: 'List customers\' accounts, by id without regard to case',
      query: z.strictObject({
        limit: Limit,
        cursor: cursorOver(z.string().regex(/^[\w.-]{1,64}$/, 'is not a cursor of this list')),
        prefix: Prefix.optional().describe('Only ids that begin so, in any case'),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: pageOf('accounts', Account),
        },
      },
      handle: async ({ query: { limit, cursor, prefix } }, _req, res) => {
        const rows = await listAccounts(db, { limit: limit + 1, prefix, after: cursor })
        const page = rows.slice(0, limit)
        res.json({
          accounts: page.map(accountJson),
          nextCursor: rows.length > limit ? page.at(-1)!.id : null,
        })
      },
    }),
    defineRoute({
      tag: 'Accounts',
      operationId: 'getAccount',
      method: 'get',
      path: '/accounts/{accountId}',
      summary: 'Get an account',
      params: AccountPath,
      responses: {
        200: { description: 'The account', schema: Account },
      },
      problems: ['not-found'],
      handle: async ({ params: { accountId } }, _req, res) => {
        const account = await findAccount(db, accountId)
        if (account)
          res.json(accountJson(account))
        else
          sendProblem(res, 'not-found', noSuchAccount(accountId))
      },
    }),
    defineRoute({
      tag: 'Accounts',
      operationId: 'getAccountBalance',
      method: 'get',
      path: '/accounts/{accountId}/balance',
      summary: 'Get an account\'s balance, now or at an instant',
      params: AccountPath,
      query: AtQuery,
      responses: {
        200: { description: 'The balance, as in the ledger\'s last entry', schema: Balance },
      },
      problems: ['not-found'],
      handle: async ({ params: { accountId }, query: { at } }, _req, res) => {
        const account = await findAccount(db, accountId)
        if (!account)
          return sendProblem(res, 'not-found', noSuchAccount(accountId))
        const { balance } = at ? await accountAt(db, accountId, at) ?? { balance: '0' } : account
        res.json({
          accountId,
          balance: balanceText(balance, account.currency),
          currency: account.currency,
        })
      },
    }),
  ]
}

function accountJson(row: AccountRow): object {
  return {
    id: row.id,
    currency: row.currency,
    balance: balanceText(row.balance, row.currency),
    entryCount: Number(row.version),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
