import type { ApiResponse } from './api.ts'
import { randomUUID } from 'node:crypto'
import { call } from './api.ts'

/** A refund or a payment, or the problem that came instead. */
export interface Made {
  id: string
  amount: string
  status: string | number
  type?: string
  detail: string
  paymentStatus?: string
  left?: string
  errors?: { pointer: string, detail: string }[]
}

interface Payment { accountId?: string, amount?: string | number, currency?: string, description?: string }

/** Posts a payment of 100.00 with the given differences. */
export function pay(url: string, payment: Payment = {}, key: string = randomUUID()): Promise<ApiResponse<Made>> {
  return call<Made>(`${url}/payments`, { body: { accountId: 'ACC-REFUND', amount: '100.00', ...payment }, headers: { 'idempotency-key': key } })
}

/** Posts a refund of a payment. */
export function refund(url: string, paymentId: string, body: unknown = {}, key: string = randomUUID()): Promise<ApiResponse<Made>> {
  return call<Made>(`${url}/payments/${paymentId}/refunds`, { body, headers: { 'idempotency-key': key } })
}
