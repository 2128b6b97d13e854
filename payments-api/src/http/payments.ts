import type { Request, Response } from 'express'
import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { CreateResult } from '../domain/create-payment.ts'
import type { PaymentFilter } from '../domain/payment-filter.ts'
import type { QuotedRequest } from '../domain/replay-quoted-keys.ts'
import type { Page } from '../sql/read-page.ts'
import type { PaymentRow } from '../sql/walk-payments.ts'
import type { Route } from './route.ts'
import { z } from 'zod'
import { findPayment } from '../sql/find-payment.ts'
import { listPayments } from '../sql/list-payments.ts'
import { MAX_EXAMINED } from '../sql/read-page.ts'
import { CALLER } from './caller.ts'
import { CreatePayment } from './create-payment-body.ts'
import { cursorOver } from './cursor.ts'
import { IdempotencyKey, KEY_IN_USE, KEY_REUSED, KeyParameter } from './idempotency-key.ts'
import { InstantParameter } from './instant.ts'
import { CSV_HEADER, csvLine } from './payment-csv.ts'
import { acceptedPaymentJson, paymentDetailJson, paymentJson } from './payment-json.ts'
import { sendProblem } from './problem.ts'
import { defineRoute } from './route.ts'
import { AcceptedPayment, DecimalString, KnownAccountId, KnownCurrency, Limit, OutcomeName, pageOf, Payment, PaymentDetail, Status, UnsignedDecimalString } from './schemas.ts'
import { sendAccepted } from './send-accepted.ts'
import { sendCsv } from './send-csv.ts'
import { Traceparent } from './traceparent.ts'

/** Rows that the export reads at a time. */
const CSV_PAGE = 1_000

const Filter = z.strictObject({
  status: Status.optional(),
  jobDead: z.literal('true', 'must be true').transform((): true => true).optional().describe('Only payments whose job is dead'),
  outcome: OutcomeName.optional(),
  accountId: KnownAccountId.optional(),
  idempotencyKey: KeyParameter.transform(key => ({ caller: CALLER, key })).optional(),
  currency: KnownCurrency.optional(),
  amountFrom: DecimalString.optional().describe('At least this amount'),
  amountTo: DecimalString.optional().describe('At most this amount'),
  absoluteAmountFrom: UnsignedDecimalString.optional().describe('At least this amount, whatever its sign: 100 finds 100 and -100'),
  absoluteAmountTo: UnsignedDecimalString.optional().describe('At most this amount, whatever its sign'),
  from: InstantParameter.optional().describe('Accepted at or after'),
  to: InstantParameter.optional().describe('Accepted before'),
} satisfies Record<keyof PaymentFilter, z.ZodType>)
const ListQuery = Filter.extend({
  limit: Limit,
  cursor: cursorOver(z.uuid('is not a cursor of this list')),
})
const PaymentPath = z.object({
  id: z.uuid('must be a UUID'),
})

export interface PaymentsDeps {
  db: Knex
  log: Logger
  createPayment: (request: QuotedRequest) => Promise<CreateResult>
}

export function paymentRoutes({ db, log, createPayment }: PaymentsDeps): Route[] {
  async function create(request: QuotedRequest, res: Response): Promise<void> {
    const result = await createPayment(request)
    switch (result.kind) {
      case 'created':
      case 'replayed':
        return sendAccepted(res, { location: `/payments/${result.payment.id}`, json: acceptedPaymentJson(result.payment), replayed: result.kind === 'replayed' })
      case 'idempotency-key-reused':
        return sendProblem(res, 'idempotency-key-reused', KEY_REUSED)
      case 'idempotency-key-in-use':
        return sendProblem(res, 'idempotency-key-in-use', KEY_IN_USE)
      case 'currency-mismatch':
        return sendProblem(res, 'currency-mismatch', `Account ${request.accountId} holds ${result.accountCurrency}; an account has one currency.`, [
          { pointer: '#/currency', detail: `must be ${result.accountCurrency} for this account` },
        ])
      case 'currency-not-payable':
        return sendProblem(res, 'validation', `Nothing was created: ${request.currency} ${result.because}.`, [
          { pointer: '#/currency', detail: result.because },
        ])
    }
  }

  /** One page is in memory at a time; the next one is read once the client has received this one. */
  async function* csvLines(filter: z.output<typeof Filter>, first: Page<PaymentRow>): AsyncGenerator<string> {
    yield CSV_HEADER
    for (let page = first; ; page = await listPayments(db, filter, { limit: CSV_PAGE, before: page.next })) {
      yield page.rows.map(csvLine).join('')
      if (page.next === undefined)
        return
    }
  }

  async function exportCsv(filter: z.output<typeof Filter>, req: Request, res: Response): Promise<void> {
    const first = await listPayments(db, filter, { limit: CSV_PAGE }) // a failure here still gets a problem response
    await sendCsv({ lines: csvLines(filter, first), filename: 'payments.csv', log }, req, res)
  }

  return [
    defineRoute({
      tag: 'Payments',
      operationId: 'createPayment',
      method: 'post',
      path: '/payments',
      summary: 'Create a payment',
      description: 'A repeated Idempotency-Key with the same payment returns the first response again, byte for byte, with Idempotent-Replayed: true, forever. The same payment means the same account, amount, currency and description, however they are written.',
      headers: {
        'Idempotency-Key': IdempotencyKey,
        'traceparent': { schema: Traceparent },
      },
      body: CreatePayment,
      responses: {
        201: {
          description: 'The payment was created, or the first response is replayed',
          schema: AcceptedPayment,
          headers: { 'Location': 'Path of the payment', 'Idempotent-Replayed': '"true" if the first response is replayed' },
        },
      },
      problems: ['idempotency-key-in-use', 'idempotency-key-reused', 'currency-mismatch', 'overloaded'],
      handle: ({ headers: { 'Idempotency-Key': { key, quoted }, traceparent }, body }, _req, res) =>
        create({ caller: CALLER, idempotencyKey: key, quotedKey: quoted, ...body, traceparent }, res),
    }),
    defineRoute({
      tag: 'Payments',
      operationId: 'listPayments',
      method: 'get',
      path: '/payments',
      summary: 'List payments, newest first',
      description: `All filters must hold. A page examines at most ${MAX_EXAMINED} payments: if few of them match, it may be short or even empty, and still have a nextCursor.`,
      query: ListQuery,
      responses: {
        200: {
          description: 'A page',
          schema: pageOf('payments', Payment),
        },
      },
      handle: async ({ query: { limit, cursor, ...filter } }, _req, res) => {
        const page = await listPayments(db, filter, { limit, before: cursor })
        res.json({
          payments: page.rows.map(paymentJson),
          nextCursor: page.next ?? null,
        })
      },
    }),
    defineRoute({
      tag: 'Payments',
      operationId: 'exportPayments',
      method: 'get',
      path: '/payments.csv',
      summary: 'Export payments as CSV, newest first',
      description: 'All payments that match the filters. A description that a spreadsheet would read as a formula gets a leading apostrophe, also after a semicolon, tab, bar or line break within it; one with any of these or a comma is quoted.',
      query: Filter,
      responses: {
        200: { description: 'RFC 4180, with a header line', contentType: 'text/csv' },
      },
      handle: async ({ query }, req, res) => exportCsv(query, req, res),
    }),
    defineRoute({
      tag: 'Payments',
      operationId: 'getPayment',
      method: 'get',
      path: '/payments/{id}',
      summary: 'Get a payment with its reconciliation, job, ledger entries and refunds',
      params: PaymentPath,
      responses: {
        200: { description: 'The payment', schema: PaymentDetail },
      },
      problems: ['not-found'],
      handle: async ({ params: { id } }, _req, res) => {
        const row = await findPayment(db, id)
        if (row?.refund_of === null)
          return void res.json(paymentDetailJson(row))
        sendProblem(res, 'not-found', row ? `${row.id} is a refund: get /refunds/${row.id}.` : `There is no payment ${id}.`)
      },
    }),
  ]
}
