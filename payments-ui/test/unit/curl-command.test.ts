import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { curlToCreate, curlToRead } from '../../app/utils/curl-command'
import { aPayment } from '../support/a-payment'

/** What a shell makes of a command: its words, with curl and uuidgen replaced. */
function wordsOf(command: string): string[] {
  return execFileSync('sh', ['-c', `curl() { printf '%s\\0' "$@"; }; uuidgen() { echo uuid; }; ${command}`], { encoding: 'utf8', env: {} })
    .split('\0')
    .slice(0, -1)
}

it('reads the payment', () => {
  expect(wordsOf(curlToRead(aPayment({ id: '42' })))).toEqual(['-s', 'http://localhost:3001/payments/42'])
})

it('makes one like it, whatever its description is made of', () => {
  const description = `it's "$HOME" \`id\` \\ !\n`
  const words = wordsOf(curlToCreate(aPayment({ description })))
  expect(words.slice(0, -1)).toEqual(['-s', '-X', 'POST', 'http://localhost:3001/payments', '-H', 'Idempotency-Key: uuid', '-H', 'Content-Type: application/json', '-d'])
  expect(JSON.parse(words.at(-1)!)).toEqual({ accountId: 'ACC-001', amount: '100.00', currency: 'USD', description })
})
