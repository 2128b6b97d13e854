import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { Instant } from '../domain/instant.ts'
import type { Route } from './route.ts'
import { z } from 'zod'
import { microsecondBefore } from '../domain/instant.ts'
import { accountAt } from '../sql/account-at.ts'
import { findAccount } from '../sql/find-account.ts'
import { listEntries } from '../sql/list-entries.ts'
import { sampleBalances } from '../sql/sample-balances.ts'
import { cursorOver } from './cursor.ts'
import { entryJson } from './detail-json.ts'
import { InstantParameter } from './instant.ts'
import { sendProblem } from './problem.ts'
import { defineRoute } from './route.ts'
import { BalanceHistory, KnownAccountId, LedgerEntry, Limit, pageOf } from './schemas.ts'
import { sendCsv } from './send-csv.ts'
import { statementLines } from './statement-csv.ts'

export const AccountPath = z.object({ accountId: KnownAccountId })
export const noSuchAccount = (accountId: string): string => `There is no account ${accountId}: no payment has named it.`

/** Points of a balance's history: more than a chart has room for. */
const HISTORY_POINTS = 400

const Period = z.strictObject({
  from: InstantParameter.optional().describe('Posted at or after'),
  to: InstantParameter.optional().describe('Posted before'),
})

/** An account's entries: in pages, as points of a chart, as a statement. */
export function accountEntryRoutes({ db, log }: { db: Knex, log: Logger }): Route[] {
  /** The account before and at the end of a period; the latter is undefined if the period has no end. A period that ends before it begins is empty. */
  async function ends(accountId: string, { from, to }: { from?: Instant | undefined, to?: Instant | undefined }) {
    const [start, end] = await Promise.all([from, to].map(instant => instant && accountAt(db, accountId, microsecondBefore(instant))))
    const none = { version: '0', balance: '0' }
    const first = start ?? none
    const last = end ?? none
    return { start: first, end: to && (BigInt(last.version) < BigInt(first.version) ? first : last) }
  }

  return [
    defineRoute({
      tag: 'Accounts',
      operationId: 'listAccountEntries',
      method: 'get',
      path: '/accounts/{accountId}/entries',
      summary: 'List an account\'s ledger entries, newest first',
      params: AccountPath,
      query: Period.extend({
        limit: Limit,
        cursor: cursorOver(z.string().regex(/^\d{1,18}$/, 'is not a cursor of this list')),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: pageOf('entries', LedgerEntry),
        },
      },
      problems: ['not-found'],
      handle: async ({ params: { accountId }, query: { limit, cursor, ...period } }, _req, res) => {
        const { start, end } = await ends(accountId, period)
        const afterEnd = end && String(BigInt(end.version) + 1n)
        const before = cursor !== undefined && (afterEnd === undefined || BigInt(cursor) < BigInt(afterEnd)) ? cursor : afterEnd
        const rows = await listEntries(db, { accountId, limit: limit + 1, after: start.version, before })
        if (rows.length === 0 && !await findAccount(db, accountId))
          return sendProblem(res, 'not-found', noSuchAccount(accountId))
        const page = rows.slice(0, limit)
        res.json({
          entries: page.map(entryJson),
          nextCursor: rows.length > limit ? page.at(-1)!.account_version : null,
        })
      },
    }),
    defineRoute({
      tag: 'Accounts',
      operationId: 'getAccountHistory',
      method: 'get',
      path: '/accounts/{accountId}/history',
      summary: 'Get an account\'s balance over time',
      description: `The balance after every entry, oldest first. Of an account with more than ${HISTORY_POINTS} entries, after its first, its last, and others evenly spaced by their number.`,
      params: AccountPath,
      responses: {
        200: { description: 'The balances', schema: BalanceHistory },
      },
      problems: ['not-found'],
      handle: async ({ params: { accountId } }, _req, res) => {
        const rows = await sampleBalances(db, accountId, HISTORY_POINTS)
        if (rows.length === 0 && !await findAccount(db, accountId))
          return sendProblem(res, 'not-found', noSuchAccount(accountId))
        res.json({
          points: rows.map(row => ({ accountVersion: Number(row.account_version), balance: row.balance_after, createdAt: row.created_at })),
        })
      },
    }),
    defineRoute({
      tag: 'Accounts',
      operationId: 'exportStatement',
      method: 'get',
      path: '/accounts/{accountId}/statement.csv',
      summary: 'Export an account\'s statement as CSV, oldest first',
      description: 'The opening balance, every entry of the period with its signed amount and the balance after it, the closing balance.',
      params: AccountPath,
      query: Period,
      responses: {
        200: { description: 'RFC 4180, with a header line', contentType: 'text/csv' },
      },
      problems: ['not-found'],
      handle: async ({ params: { accountId }, query }, req, res) => {
        const account = await findAccount(db, accountId)
        if (!account)
          return sendProblem(res, 'not-found', noSuchAccount(accountId))
        const { start, end = account } = await ends(accountId, query)
        await sendCsv({ lines: statementLines(db, { account, start, end }), filename: 'statement.csv', log }, req, res)
      },
    }),
  ]
}
