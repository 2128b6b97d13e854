import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { curlToCreate, curlToRead, curlToReadRefund, curlToRefund } from '../../app/utils/curl-command'
import { aPayment, aRefund } from '../support/a-payment'

/** Runs a command in a shell with curl and uuidgen replaced, and returns curl's arguments. */
function curlArguments(command: string): string[] {
  return execFileSync('sh', ['-c', `curl() { printf '%s\\0' "$@"; }; uuidgen() { echo uuid; }; ${command}`], { encoding: 'utf8', env: {} })
    .split('\0')
    .slice(0, -1)
}

it('reads the payment', () => {
  expect(curlArguments(curlToRead('http://localhost:3101', aPayment({ id: '42' })))).toEqual(['-s', 'http://localhost:3101/payments/42'])
})

it('creates a similar payment, whatever characters its description contains', () => {
  const description = `it's "$HOME" \`id\` \\ !\n`
  const args = curlArguments(curlToCreate('http://localhost:3101', aPayment({ description })))
  expect(args.slice(0, -1)).toEqual(['-s', '-X', 'POST', 'http://localhost:3101/payments', '-H', 'Idempotency-Key: uuid', '-H', 'Content-Type: application/json', '-d'])
  expect(JSON.parse(args.at(-1)!)).toEqual({ accountId: 'ACC-001', amount: '100.00', currency: 'USD', description })
})

it('shows no character that changes the direction of the text, and creates the same payment', () => {
  const payment = aPayment({ description: 'to \u202Eevil\u2069 \u{E0041}' })
  const command = curlToCreate('http://localhost:3001', payment)
  expect(command).not.toMatch(/\p{Cf}/u)
  expect(JSON.parse(curlArguments(command).at(-1)!)).toMatchObject({ description: payment.description })
})

it('reads a refund, and refunds the same payment again', () => {
  const refund = aRefund({ id: '2', paymentId: '1', reason: `it's broken` })
  expect(curlArguments(curlToReadRefund('http://localhost:3001', refund))).toEqual(['-s', 'http://localhost:3001/refunds/2'])
  const args = curlArguments(curlToRefund('http://localhost:3001', refund))
  expect(args[3]).toBe('http://localhost:3001/payments/1/refunds')
  expect(JSON.parse(args.at(-1)!)).toEqual({ amount: '30.00', reason: `it's broken` })
})
