import type { Response } from 'express'
import type { Knex } from 'knex'
import type { RefundFilter, RefundRequest } from '../domain/refund.ts'
import type { RefundResult } from '../domain/request-refund.ts'
import type { Route } from './route.ts'
import { z } from 'zod'
import { findPayment } from '../sql/find-payment.ts'
import { listRefunds } from '../sql/list-refunds.ts'
import { MAX_EXAMINED } from '../sql/read-page.ts'
import { CALLER } from './caller.ts'
import { BROKEN_RULES } from './check-input.ts'
import { CreateRefund } from './create-refund-body.ts'
import { cursorOver } from './cursor.ts'
import { IdempotencyKey, KEY_IN_USE, KEY_REUSED } from './idempotency-key.ts'
import { sendProblem } from './problem.ts'
import { acceptedRefundJson, refundDetailJson, refundJson } from './refund-json.ts'
import { whyNotRefundable, whyTooMuch } from './refund-problems.ts'
import { AcceptedRefund, RefundDetail, RefundStatusName } from './refund-schemas.ts'
import { defineRoute } from './route.ts'
import { KnownAccountId, Limit, pageOf, Refund } from './schemas.ts'
import { sendAccepted } from './send-accepted.ts'
import { Traceparent } from './traceparent.ts'

const ListQuery = z.strictObject({
  status: RefundStatusName.optional(),
  paymentId: z.uuid('must be a UUID').optional().describe('Only refunds of this payment'),
  accountId: KnownAccountId.optional(),
} satisfies Record<keyof RefundFilter, z.ZodType>).extend({
  limit: Limit,
  cursor: cursorOver(z.uuid('is not a cursor of this list')),
})
const Path = z.object({
  id: z.uuid('must be a UUID'),
})

export interface RefundsDeps {
  db: Knex
  requestRefund: (request: RefundRequest) => Promise<RefundResult>
}

export function refundRoutes({ db, requestRefund }: RefundsDeps): Route[] {
  async function create(request: RefundRequest, res: Response): Promise<void> {
    const result = await requestRefund(request)
    switch (result.kind) {
      case 'created':
      case 'replayed':
        return sendAccepted(res, { location: `/refunds/${result.refund.id}`, json: acceptedRefundJson(result.refund), replayed: result.kind === 'replayed' })
      case 'idempotency-key-reused':
        return sendProblem(res, 'idempotency-key-reused', KEY_REUSED)
      case 'idempotency-key-in-use':
        return sendProblem(res, 'idempotency-key-in-use', KEY_IN_USE)
      case 'payment-not-found':
        return sendProblem(res, 'not-found', result.isRefund
          ? `${request.paymentId} is a refund, which cannot be refunded. Refund its payment: /refunds/${request.paymentId} names it.`
          : `There is no payment ${request.paymentId}.`)
      case 'payment-not-refundable':
        return sendProblem(res, 'payment-not-refundable', whyNotRefundable(result.paymentStatus), undefined, { paymentStatus: result.paymentStatus, left: result.left })
      case 'refund-exceeds-payment':
        return sendProblem(res, 'refund-exceeds-payment', whyTooMuch(result.left, result.currency), undefined, { paymentStatus: result.paymentStatus, left: result.left })
      case 'amount-refused':
        return sendProblem(res, 'validation', BROKEN_RULES, [{ pointer: '#/amount', detail: result.because }])
    }
  }

  return [
    defineRoute({
      tag: 'Refunds',
      operationId: 'createRefund',
      method: 'post',
      path: '/payments/{id}/refunds',
      summary: 'Refund a payment, in full or in part',
      description: 'A completed payment can be refunded several times, until nothing is left. A refund settles like a payment: it debits the account, and makes the payment partially_refunded or refunded. It never fails, and a payment with a discrepancy is refunded as it was posted. Idempotency works as for payments, which share the keys: a repeated Idempotency-Key with the same refund returns the first response again, byte for byte, forever, also when nothing is left. The same refund means the same payment, amount and reason; no amount and the amount that it stood for differ.',
      params: Path,
      headers: {
        'Idempotency-Key': IdempotencyKey,
        'traceparent': { schema: Traceparent },
      },
      body: CreateRefund,
      responses: {
        201: {
          description: 'The refund was created, or the first response is replayed',
          schema: AcceptedRefund,
          headers: { 'Location': 'Path of the refund', 'Idempotent-Replayed': '"true" if the first response is replayed' },
        },
      },
      problems: ['not-found', 'payment-not-refundable', 'refund-exceeds-payment', 'idempotency-key-in-use', 'idempotency-key-reused', 'overloaded'],
      handle: ({ params: { id }, headers: { 'Idempotency-Key': { key }, traceparent }, body: { amount, reason } }, _req, res) =>
        create({ caller: CALLER, idempotencyKey: key, paymentId: id.toLowerCase(), amount, reason, traceparent }, res),
    }),
    defineRoute({
      tag: 'Refunds',
      operationId: 'listRefunds',
      method: 'get',
      path: '/refunds',
      summary: 'List refunds, newest first',
      description: `All filters must hold. A page examines at most ${MAX_EXAMINED} payments and refunds: if few of them match, it may be short or even empty, and still have a nextCursor.`,
      query: ListQuery,
      responses: {
        200: { description: 'A page', schema: pageOf('refunds', Refund) },
      },
      handle: async ({ query: { limit, cursor, ...filter } }, _req, res) => {
        const page = await listRefunds(db, filter, { limit, before: cursor })
        res.json({
          refunds: page.rows.map(refundJson),
          nextCursor: page.next ?? null,
        })
      },
    }),
    defineRoute({
      tag: 'Refunds',
      operationId: 'getRefund',
      method: 'get',
      path: '/refunds/{id}',
      summary: 'Get a refund with its reconciliation, job and ledger entries',
      params: Path,
      responses: {
        200: { description: 'The refund', schema: RefundDetail },
      },
      problems: ['not-found'],
      handle: async ({ params: { id } }, _req, res) => {
        const row = await findPayment(db, id)
        if (row?.refund_of)
          return void res.json(refundDetailJson(row))
        sendProblem(res, 'not-found', row ? `${row.id} is a payment: get /payments/${row.id}.` : `There is no refund ${id}.`)
      },
    }),
  ]
}
