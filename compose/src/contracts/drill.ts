import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { edits } from './edits.ts'

export interface Change {
  /** The change, for display. */
  change: string
  /** Makes the change in a copy of the tree. */
  edit: (tree: string) => void
  /** The text that a red run must contain, which names what broke. Undefined for a change that must stay green. */
  named?: string
}

const JSON_FILE = 'payments-api/src/http/payment-json.ts'
const SCHEMAS = 'payments-api/src/http/schemas.ts'

export const DRILL: Change[] = [
  {
    change: 'The API drops a field that the console reads',
    edit: edits([JSON_FILE, /^ {4}outcome: .*,\n/, ''], [JSON_FILE, '  outcome: Outcome | null\n', ''], [SCHEMAS, /^ {2}outcome: z[\s\S]*?\}\),\n/, '']),
    named: 'payments-ui reads payments[].outcome, which is missing',
  },
  {
    change: 'The API drops that field from openapi.json only',
    edit: edits([SCHEMAS, /^ {2}outcome: z[\s\S]*?\}\),\n/, '']),
    named: 'body.payments[].outcome is gone',
  },
  {
    change: 'The API renames a status',
    edit: edits([JSON_FILE, 'status: row.status,', `status: (row.status === 'completed' ? 'settled' : row.status) as PaymentStatus,`]),
    named: `payments-ui reads payments[].status: Expected 'settled' (String) to be equal to 'completed' (String)`,
  },
  {
    change: 'The API returns an amount as a number',
    edit: edits([JSON_FILE, 'amount: row.amount,', 'amount: Number(row.amount) as never,'], [SCHEMAS, `const Amount = z.string().meta({`, `const Amount = z.number().meta({`]),
    named: 'payments-ui reads payments[].amount: ',
  },
  {
    change: 'The API accepts only shorter descriptions than before',
    edit: edits(['payments-api/src/http/create-payment-body.ts', 'MAX_DESCRIPTION_CHARACTERS = 500', 'MAX_DESCRIPTION_CHARACTERS = 100']),
    named: 'POST /payments: body.description: maxLength was 500, is 100',
  },
  {
    change: 'The API accepts amounts only as numbers',
    edit: edits(['payments-api/src/http/create-payment-body.ts', /^ {4}z\.string\(\)\.meta.*\n/, '']),
    named: 'payments-ui is answered another status, expected 201 but was 422',
  },
  {
    change: 'The API no longer names the invalid field',
    edit: edits(['payments-api/src/http/check-input.ts', '({ path, detail }) => ({ pointer: jsonPointer(path), detail })', '({ detail }) => ({ detail })']),
    named: 'payments-ui reads errors[].pointer, which is missing',
  },
  {
    change: 'The API renames an event of its stream',
    edit: edits(['payments-api/src/domain/event-hub.ts', `sse('payment', event`, `sse('settled', event`]),
    named: '"the event of a payment of 100.00 that settles" was not sent',
  },
  {
    change: 'The API sends no notification to the worker',
    edit: edits(['payments-api/src/main.ts', `notifications.notify('recon_jobs'`, `notifications.notify('jobs'`]),
    named: '"the notification that payments wait" was not sent',
  },
  {
    change: 'A migration renames a column that the worker reads',
    edit: tree => writeFileSync(join(tree, 'payments-api/migrations/9999_rename.sql'), 'alter table payments rename column account_id to account;\n'),
    named: 'column "account_id" does not exist',
  },
  {
    change: 'The worker reads a column by another name',
    edit: edits(['recon-worker/src/sql/claim-jobs.ts', 'p.amount,', 'p.amount_minor as amount,']),
    named: 'column p.amount_minor does not exist',
  },
  {
    change: 'The worker reads a new column, and its pact expects it',
    edit: edits(['recon-worker/src/sql/claim-jobs.ts', 'end as attempts\n', 'end as attempts, p.created_at as "createdAt", p.risk\n'], ['recon-worker/test/contract/consumer.test.ts', `    currency: regex`, `    risk: string('low'),\n    currency: regex`]),
    named: 'column "risk" does not exist',
  },
  {
    change: 'The worker notifies without payment ids',
    edit: edits(['recon-worker/src/sql/notify-settled.ts', 'each.map(({ paymentId }) => paymentId),', 'each.length as never,']),
    named: 'payments-api reads payload.completed',
  },
  {
    change: 'The worker notifies with other result names',
    edit: edits(['recon-worker/src/sql/notify-settled.ts', '      resultStatus,\n', `      resultStatus === 'completed' ? 'matched' : resultStatus,\n`]),
    named: 'payments-api reads payload.completed, which is missing',
  },
  {
    change: 'The console reads a field that the API does not have',
    edit: edits(['payments-ui/shared/types/payment.ts', 'discrepancyAmount: string | null\n', 'discrepancyAmount: string | null\n  reference: string\n']),
    named: `Property 'reference' is missing`,
  },
  {
    change: 'The console reads that field, and its pact expects it',
    edit: edits(['payments-ui/shared/types/payment.ts', 'discrepancyAmount: string | null\n', 'discrepancyAmount: string | null\n  reference: string\n'], ['payments-ui/test/contract/support/expected.ts', '{ ...accepted, ', `{ ...accepted, reference: string('R-1'), `]),
    named: 'payments-ui reads payments[].reference, which is missing',
  },

  {
    change: 'Harmless: the API returns one more field',
    edit: edits([JSON_FILE, '    updatedAt: row.updated_at,', `    updatedAt: row.updated_at,\n    reference: 'R-1',`], [JSON_FILE, '  updatedAt: string\n', '  updatedAt: string\n  reference: string\n'], [SCHEMAS, '  updatedAt: Instant,\n}\nexport const Payment', '  updatedAt: Instant,\n  reference: z.string(),\n}\nexport const Payment']),
  },
  {
    change: 'Harmless: the API has one more operation',
    edit: edits(['payments-api/src/http/health.ts', '    defineRoute({\n      tag: \'Health\',\n      operationId: \'getReadiness\'', `    defineRoute({ tag: 'Health', operationId: 'getVersion', method: 'get', path: '/version', summary: 'Which version it is', responses: { 200: { description: 'It', schema: Health } }, handle: (_input, _req, res) => void res.json({ status: 'ok' }) }),\n    defineRoute({\n      tag: 'Health',\n      operationId: 'getReadiness'`]),
  },
  {
    change: 'Harmless: the API has a status that the console does not know',
    edit: edits(['payments-api/src/domain/payment.ts', `'refunded'] as const`, `'refunded', 'disputed'] as const`], ['payments-api/src/domain/payment.ts', /^ {2}refunded: \[.*\],\n/, `$&  disputed: [],\n`]),
  },
]
