import type { Json } from '../src/contracts/breaking-changes.ts'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../src/config.ts'
import { breakingChanges } from '../src/contracts/breaking-changes.ts'

const document = JSON.parse(readFileSync(join(repoRoot, 'contracts/openapi.json'), 'utf8')) as Json
/** The breaking changes that this change of openapi.json causes. */
function after(change: (document: Json) => unknown): string[] {
  const changed = structuredClone(document)
  change(changed)
  return breakingChanges(document, changed)
}

describe('a change that breaks clients of the API', () => {
  const breaking: Record<string, [change: (document: Json) => unknown, named: string]> = {
    'an operation that is gone': [({ paths }) => delete paths['/accounts'], 'GET /accounts is gone'],
    'a field of a response that is gone': [({ components }) => delete components.schemas.Payment.properties.amount, 'GET /payments 200: body.payments[].amount is gone'],
    'a field of a nested response that is gone': [({ components }) => delete components.schemas.Operations.properties.queue.properties.dead, 'GET /operations 200: body.queue.dead is gone'],
    'a field of a response that may be missing': [({ components }) => components.schemas.Balance.required.splice(1, 1), 'GET /accounts/{accountId}/balance 200: body.balance may be missing now'],
    'a field of a response that may be null': [({ components }) => components.schemas.Balance.properties.balance = { anyOf: [components.schemas.Balance.properties.balance, { type: 'null' }] }, 'GET /accounts/{accountId}/balance 200: body.balance may now be null'],
    'another type in a response': [({ components }) => components.schemas.Payment.properties.amount = { type: 'number' }, 'GET /payments 200: body.payments[].amount may now be number'],
    'a new value of a list of values': [({ components }) => components.schemas.LedgerEntry.properties.entryType.enum.push('fee'), 'GET /accounts/{accountId}/entries 200: body.entries[].entryType may now be "fee"'],
    'a status that is gone': [({ paths }) => delete paths['/payments'].post.responses[201], 'POST /payments: it no longer responds with 201'],
    'a header that is gone': [({ paths }) => delete paths['/payments'].post.responses[201].headers.Location, 'POST /payments 201: the header Location is gone'],
    'a parameter that is gone': [({ paths }) => paths['/payments'].get.parameters.shift(), 'GET /payments: query parameter status is gone'],
    'a new parameter that is required': [({ paths }) => paths['/payments'].get.parameters.push({ in: 'query', name: 'year', required: true, schema: { type: 'integer' } }), 'GET /payments: query parameter year is new and required'],
    'a new field of a request that is required': [({ components }) => components.schemas.CreatePayment.required.push('description'), 'POST /payments: body.description is required now'],
    'a shorter text in a request': [({ components }) => components.schemas.CreatePayment.properties.description.maxLength = 50, 'POST /payments: body.description: maxLength was 500, is 50'],
    'another pattern in a request': [({ components }) => components.schemas.CreatePayment.properties.accountId.pattern = '^ACC', 'POST /payments: body.accountId: pattern was ^[A-Za-z0-9][\\w.-]{0,63}$, is ^ACC'],
    'a pattern in a request that had none': [({ paths }) => paths['/events'].get.parameters[0].schema.pattern = '^[0-9]+$', 'GET /events: query parameter after: pattern was not set, is ^[0-9]+$'],
    'a value that is no longer accepted': [({ paths }) => paths['/payments'].get.parameters[0].schema.enum.pop(), 'GET /payments: query parameter status may no longer be "refunded"'],
    'another content type': [({ paths }) => paths['/payments.csv'].get.responses[200].content = { 'text/plain': { schema: { type: 'string' } } }, 'GET /payments.csv 200: body is no longer text/csv'],
  }
  for (const [what, [change, named]] of Object.entries(breaking))
    it(what, () => assert.ok(after(change).includes(named), after(change).join('\n')))
})

describe('a change that breaks no client', () => {
  const harmless: Record<string, (document: Json) => unknown> = {
    'nothing': () => {},
    'a new operation': ({ paths }) => paths['/disputes'] = paths['/payments'],
    'a new field in a response': ({ components }) => components.schemas.Payment.properties.reference = { type: 'string' },
    'a new field in a request that may be left out': ({ components }) => components.schemas.CreatePayment.properties.reference = { type: 'string' },
    'a new parameter that may be left out': ({ paths }) => paths['/payments'].get.parameters.push({ in: 'query', name: 'year', required: false, schema: { type: 'integer' } }),
    'a longer text in a request': ({ components }) => components.schemas.CreatePayment.properties.description.maxLength = 5_000,
    'one more accepted value': ({ paths }) => paths['/payments'].get.parameters[0].schema.enum.push('disputed'),
    'a response field that is never null any more': ({ components }) => components.schemas.Payment.properties.outcome = { type: 'string' },
    'another text for people': ({ paths }) => paths['/payments'].get.summary = 'Payments',
  }
  for (const [what, change] of Object.entries(harmless))
    it(what, () => assert.deepEqual(after(change), []))

  it('a pattern that states what the API has always refused', () => {
    const before = structuredClone(document)
    delete before.components.schemas.PauseQueue.properties.reason.pattern
    assert.deepEqual(breakingChanges(before, document), [])
  })
})
