import type { Books } from '../../auditor/chaos/books.ts'
import type { Exchange, StreamLine } from '../../auditor/chaos/journal.ts'
import assert from 'node:assert/strict'
import { checkBalancesAt } from '../../auditor/chaos/check-balances-at.ts'
import { checkPages } from '../../auditor/chaos/check-pages.ts'
import { checkReadsOfEntries, checkReadsOfPayments } from '../../auditor/chaos/check-reads.ts'
import { checkReadsOfRefunds } from '../../auditor/chaos/check-refund-reads.ts'
import { checkReplays } from '../../auditor/chaos/check-replays.ts'
import { checkStreams } from '../../auditor/chaos/check-streams.ts'
import { checkTransactions } from '../../auditor/chaos/check-transactions.ts'
import { checkVersions } from '../../auditor/chaos/check-versions.ts'
import { Findings } from '../../auditor/findings.ts'

const payment = { accountId: 'a', amount: '1.00', description: 'k' }
const paid = (id: string): string => JSON.stringify({ id, ...payment, currency: 'USD', status: 'pending' })
const detail = (id: string, status = 'completed', more: object = { refundedAmount: '0.00' }): string => JSON.stringify({ id, ...payment, status, ...more })
const sentRefund = { paymentId: '1', accountId: 'a', amount: '0.40', reason: 'r' }
const refunded = (id: string, status = 'pending', amount = '0.40'): object => ({ id, paymentId: '1', accountId: 'a', amount, status })

let clock = 0
/** An exchange that begins after all earlier ones have ended. */
function exchange(what: Partial<Exchange> & { path?: string }): Exchange {
  const { path = '/payments', ...given } = what
  return { n: ++clock, purpose: 'read', method: given.payment ?? given.refund ? 'POST' : 'GET', url: `http://api${path}`, sentAt: clock++, endedAt: clock, outcome: 'ok', status: 200, contentType: 'application/json', replayed: false, retryAfter: false, body: '', ...given }
}
const pay = (what: Partial<Exchange> = {}): Exchange => exchange({ purpose: 'pay', key: 'k', payment, status: 201, body: paid('1'), ...what })
const refund = (what: Partial<Exchange> = {}): Exchange => exchange({ path: '/payments/1/refunds', purpose: 'refund', key: 'f', refund: sentRefund, status: 201, body: JSON.stringify(refunded('4')), ...what })
const lost: Partial<Exchange> = { outcome: 'unknown', status: 0, body: '', error: 'ECONNRESET' }
const refused: Partial<Exchange> = { outcome: 'refused', status: 503, contentType: 'application/problem+json', retryAfter: true, body: '{"type":"/problems/overloaded"}' }
const tooMuch: Partial<Exchange> = { outcome: 'refused', status: 409, contentType: 'application/problem+json', body: '{"type":"/problems/refund-exceeds-payment","paymentStatus":"completed","left":"0.10"}' }
const reveal = (what: Partial<Exchange> = {}): Exchange => pay({ purpose: 'reveal', replayed: true, ...what })
const read = (path: string, body: object | string, what: Partial<Exchange> = {}): Exchange => exchange({ path, body: typeof body === 'string' ? body : JSON.stringify(body), ...what })

const entry = (version: number, balanceAfter: string): Books['entries'][number] => ({ paymentId: String(version), refundId: null, accountId: 'a', version, type: 'credit', amount: '1.00', balanceAfter, createdAt: `2026-01-01T00:00:0${version}.000000Z` })
const books: Books = {
  payments: ['1', '2', '3'].map(id => ({ id, key: id, accountId: 'a', amount: '1.00', status: 'completed', refundOf: null, settledAt: 100, attempts: 1 })),
  entries: [entry(1, '1.00'), entry(2, '2.00'), entry(3, '3.00')],
  openedAlone: [],
}

/** A second refund of payment 1 took the rest of it. */
const refundedBooks: Books = {
  payments: [
    ...books.payments.map(payment => payment.id === '1' ? { ...payment, status: 'refunded' } : payment),
    ...[['4', '0.40'], ['5', '0.60']].map(([id, amount]) => ({ ...books.payments[0]!, id: id!, key: id!, amount: amount!, refundOf: '1' })),
  ],
  entries: [...books.entries, { ...entry(4, '2.60'), paymentId: '1', refundId: '4', type: 'debit', amount: '0.40' }],
  openedAlone: [],
}

/** Each check with what it accepts and what turns it red. */
function cases(what: string, check: (evidence: never, findings: Findings) => void, table: [does: string, evidence: unknown, finding: RegExp | null][]): void {
  describe(what, () => {
    for (const [does, evidence, finding] of table) {
      it(`${finding ? 'fails' : 'passes'} ${does}`, () => {
        const findings = new Findings()
        check(evidence as never, findings)
        assert.match(findings.lines.join('\n'), finding ?? /^$/)
      })
    }
  })
}

cases('the repetition of each key after a round', (exchanges: Exchange[], findings) => checkReplays(exchanges, new Set(['k']), findings), [
  ['when it replays what the database had', [pay(), reveal()], null],
  ['when it makes a payment that was unknown and absent', [pay({ key: 'l', ...lost }), reveal({ key: 'l', replayed: false })], null],
  ['when it replays an unknown payment that was written late', [pay({ key: 'l', ...lost }), reveal({ key: 'l' })], null],
  ['when it makes a payment that the database had', [pay(lost), reveal({ replayed: false })], /new although the database had them: 1/],
  ['when it makes an acknowledged payment again', [pay({ key: 'l' }), reveal({ key: 'l', replayed: false })], /acknowledged keys that were new again: 1/],
  ['when it replays a payment that was only refused', [pay({ key: 'l', ...refused }), reveal({ key: 'l' })], /refused keys that were replayed: 1/],
  ['when the payment does not allow a refund that was never written', [refund(tooMuch), refund({ purpose: 'reveal', ...tooMuch })], null],
  ['when it refuses a refund that the database had', [refund({ key: 'k' }), refund({ key: 'k', purpose: 'reveal', ...tooMuch })], /refused although the database had them: 1/],
  ['when its outcome is unknown', [pay(), reveal(lost)], /reveals nothing: 1/],
  ['when it is missing', [pay()], /reveals nothing: 1\n.*not repeated/],
])

cases('reading one\'s writes', (exchanges: Exchange[], findings) => checkReadsOfPayments(exchanges, books, findings), [
  ['when a payment and a list contain what was acknowledged', [pay(), read('/payments/1', detail('1')), read('/payments?accountId=a', { payments: [JSON.parse(detail('1'))], nextCursor: null })], null],
  ['when a list ends before an older payment', [pay(), pay({ body: paid('2') }), read('/payments?accountId=a&limit=1', { payments: [JSON.parse(detail('2'))], nextCursor: '2' })], null],
  ['when a later page begins below its cursor', [pay(), pay({ body: paid('2') }), read('/payments?accountId=a&limit=1&cursor=2', { payments: [JSON.parse(detail('1'))], nextCursor: null })], null],
  ['when a list began before the payment was acknowledged', [read('/payments?accountId=a', { payments: [], nextCursor: null }), pay()], null],
  ['when an acknowledged payment is not found', [pay(), read('/payments/1', '{}', { outcome: 'refused', status: 404 })], /could not read: 1/],
  ['when an acknowledged payment is missing from a list', [pay(), read('/payments?accountId=a', { payments: [], nextCursor: null })], /missing from a list: 1/],
  ['when a payment has another amount than stored', [read('/payments/1', detail('1').replace('1.00', '1.01'))], /differently than stored: 1/],
  ['when a list has a payment that does not exist', [read('/payments?accountId=a', { payments: [JSON.parse(detail('9'))], nextCursor: null })], /differently than stored: 1/],
  ['when a list is not newest first', [read('/payments?accountId=a', { payments: [JSON.parse(detail('1')), JSON.parse(detail('2'))], nextCursor: null })], /not newest first: 1/],
  ['when a stream announced a payment that somebody else made', [read('/payments/9', detail('9').replace('"a"', '"b"'), { purpose: 'read-announced' })], null],
  ['when a stream announced a payment that is not stored', [read('/payments/9', detail('9'), { purpose: 'read-announced' })], /differently than stored: 1/],
  ['when an announced payment is still pending', [read('/payments/1', detail('1', 'pending'), { purpose: 'read-announced' })], /announced before they had settled: 1/],
])

const page = (refunds: object[]): object => ({ refunds, nextCursor: null })
cases('reading one\'s refunds', (exchanges: Exchange[], findings) => checkReadsOfPayments(exchanges, refundedBooks, findings), [
  ['when a refund and its lists contain what was acknowledged', [refund(), read('/refunds/4', refunded('4')), read('/refunds?paymentId=1', page([refunded('4')])), read('/refunds?accountId=a', page([refunded('4')]))], null],
  ['when the lists of other payments and of payments do not contain it', [refund(), read('/refunds?paymentId=2', page([])), read('/payments?accountId=a', { payments: [JSON.parse(detail('1'))], nextCursor: null })], null],
  ['when an acknowledged refund is not found', [refund(), read('/refunds/4', '{}', { outcome: 'refused', status: 404 })], /could not read: 1/],
  ['when an acknowledged refund is missing from its payment\'s list', [refund(), read('/refunds?paymentId=1', page([]))], /missing from a list: 1/],
  ['when a refund is said to be another payment\'s', [read('/refunds/4', { ...refunded('4'), paymentId: '2' })], /differently than stored: 1/],
  ['when a list of payments has a refund', [read('/payments?accountId=a', { payments: [{ ...payment, id: '4', amount: '0.40', status: 'pending' }], nextCursor: null })], /differently than stored: 1/],
  ['when an announced refund is still pending', [read('/refunds/4', refunded('4'), { purpose: 'read-announced' })], /announced before they had settled: 1/],
])

const withRefunds = (status: string, refunds: object[], refundedAmount: string, refundableAmount: string): string => detail('1', status, { refunds, refundedAmount, refundableAmount, moreRefunds: false })
cases('a payment with its refunds', checkReadsOfRefunds as (exchanges: never, findings: Findings) => void, [
  ['when nothing was refunded', [read('/payments/1', withRefunds('failed', [], '0.00', '0.00')), read('/payments/1', withRefunds('completed', [], '0.00', '1.00'))], null],
  ['when status and sums follow from the refunds', [refund(), read('/payments/1', withRefunds('completed', [refunded('4')], '0.00', '0.60')), read('/payments/1', withRefunds('partially_refunded', [refunded('4', 'completed'), refunded('5', 'pending', '0.60')], '0.40', '0.00'))], null],
  ['when it is refunded in full', [read('/payments/1', withRefunds('refunded', [refunded('4', 'completed'), refunded('5', 'completed', '0.60')], '1.00', '0.00'))], null],
  ['when an acknowledged refund is missing', [refund(), read('/payments/1', withRefunds('completed', [], '0.00', '1.00'))], /missing from their payment: 1/],
  ['when the status does not follow', [read('/payments/1', withRefunds('completed', [refunded('4', 'completed')], '0.40', '0.60'))], /disagree with their refunds: 1/],
  ['when a queued refund counts as refunded', [read('/payments/1', withRefunds('partially_refunded', [refunded('4')], '0.40', '0.60'))], /disagree with their refunds: 1/],
  ['when a queued refund is not reserved', [read('/payments/1', withRefunds('completed', [refunded('4')], '0.00', '1.00'))], /disagree with their refunds: 1/],
])

const entriesRead = (...versions: number[]): object => ({ entries: versions.map(version => ({ paymentId: String(version), refundId: null, accountId: 'a', amount: '1.00', balanceAfter: `${version}.00`, accountVersion: version })), nextCursor: null })
cases('reading entries', (exchanges: Exchange[], findings) => checkReadsOfEntries(exchanges, books, findings), [
  ['when they are those of the database', [read('/accounts/a/entries', entriesRead(3, 2, 1))], null],
  ['when one is missing', [read('/accounts/a/entries', entriesRead(3, 1))], /skip an entry: 1/],
  ['when one does not exist', [read('/accounts/a/entries', entriesRead(4, 3))], /differently than stored: 1/],
])

const entryOfRefund = { paymentId: '1', refundId: '4', accountId: 'a', amount: '0.40', balanceAfter: '2.60', accountVersion: 4 }
cases('reading entries of refunds', (exchanges: Exchange[], findings) => checkReadsOfEntries(exchanges, refundedBooks, findings), [
  ['when they name the refund and its payment', [read('/accounts/a/entries', { entries: [entryOfRefund], nextCursor: null })], null],
  ['when they are said to be the payment\'s', [read('/accounts/a/entries', { entries: [{ ...entryOfRefund, refundId: null }], nextCursor: null })], /differently than stored: 1/],
])

cases('a balance at an instant', (exchanges: Exchange[], findings) => checkBalancesAt(exchanges, books, findings), [
  ['when it is the sum of the entries until then', [read('/accounts/a/balance?at=2026-01-01T00:00:02.000Z', { accountId: 'a', balance: '2.00' })], null],
  ['when it lacks the entry at the instant', [read('/accounts/a/balance?at=2026-01-01T00:00:02.000Z', { accountId: 'a', balance: '1.00' })], /differ from the sum.*: 1\n.*sum to 2\.00/],
  ['when it is a cent off', [read('/accounts/a/balance?at=2026-01-01T00:00:01.999999Z', { accountId: 'a', balance: '1.01' })], /differ from the sum/],
])

cases('the versions that callers read', checkVersions as (exchanges: never, findings: Findings) => void, [
  ['when they ascend, through any path', [read('/accounts/a', { id: 'a', entryCount: 1 }), read('/accounts/a/entries', entriesRead(2, 1)), read('/accounts/a', { id: 'a', entryCount: 2 })], null],
  ['when a later page of entries has older versions', [read('/accounts/a/entries', entriesRead(2, 1)), read('/accounts/a/entries?cursor=2', entriesRead(1))], null],
  ['when reads that overlap differ', [read('/accounts/a', { id: 'a', entryCount: 2 }, { sentAt: 0, endedAt: 1_000 }), read('/accounts/a', { id: 'a', entryCount: 1 })], null],
  ['when an account goes back', [read('/accounts/a/entries', entriesRead(2, 1)), read('/accounts/a', { id: 'a', entryCount: 1 })], /back in time: 1/],
  ['when a payment is refunded step by step', [read('/payments/1', detail('1')), read('/payments/1', detail('1', 'partially_refunded', { refundedAmount: '0.40' })), read('/payments/1', detail('1', 'refunded', { refundedAmount: '1.00' }))], null],
  ['when a refunded payment is partially refunded again', [read('/payments/1', detail('1', 'refunded', { refundedAmount: '1.00' })), read('/payments/1', detail('1', 'partially_refunded', { refundedAmount: '1.00' }))], /back in time: 1/],
  ['when less of a payment is refunded than before', [read('/payments/1', detail('1', 'partially_refunded', { refundedAmount: '0.40' })), read('/payments/1', detail('1', 'partially_refunded', { refundedAmount: '0.30' }))], /back in time: 1/],
  ['when a settled refund is pending again', [read('/refunds/4', refunded('4', 'completed')), read('/refunds/4', refunded('4'))], /back in time: 1/],
  ['when a settled payment is pending again', [read('/payments/1', detail('1')), read('/payments/1', detail('1', 'pending'))], /back in time: 1/],
])

cases('the pages of a list', (exchanges: Exchange[], findings) => checkPages(exchanges, books, findings), [
  ['when they have every row once', [
    read('/payments?accountId=a', { payments: [{ id: '3' }, { id: '2' }] }, { purpose: 'page' }),
    read('/payments?accountId=a&cursor=2', { payments: [{ id: '1' }] }, { purpose: 'page' }),
    read('/accounts/a/entries', entriesRead(3, 2, 1), { purpose: 'page' }),
  ], null],
  ['when a cursor skips a payment', [read('/payments?accountId=a', { payments: [{ id: '3' }, { id: '1' }] }, { purpose: 'page' })], /differ from the database: 1/],
  ['when a cursor repeats an entry', [read('/accounts/a/entries', entriesRead(3, 2, 2, 1), { purpose: 'page' })], /differ from the database: 1/],
  ['when a page cannot be read', [read('/accounts/a/entries', '', { purpose: 'page', ...lost })], /could not be read after the round: 1/],
])

cases('the pages of a list of refunds', (exchanges: Exchange[], findings) => checkPages(exchanges, refundedBooks, findings), [
  ['when they have every refund once, and lists of payments none', [
    read('/refunds?accountId=a', { refunds: [{ id: '5' }] }, { purpose: 'page' }),
    read('/refunds?accountId=a&cursor=5', { refunds: [{ id: '4' }] }, { purpose: 'page' }),
    read('/payments?accountId=a', { payments: [{ id: '3' }, { id: '2' }, { id: '1' }] }, { purpose: 'page' }),
  ], null],
  ['when a cursor skips a refund', [read('/refunds?accountId=a', { refunds: [{ id: '5' }] }, { purpose: 'page' })], /differ from the database: 1/],
])

const line = (event: StreamLine['event'], at: number, id?: string, status = 'completed'): StreamLine => ({ line: 'stream', stream: 's', event, at, ...(id && { payment: id, status }) })
const announced = ['1', '2', '3'].map(id => line('payment', 110, id))
cases('an event stream', (lines: StreamLine[], findings) => checkStreams({ streams: new Map([['s', lines]]) }, books, { from: 50, to: 200 }, findings), [
  ['when it announced each settlement once', [line('hello', 60), ...announced], null],
  ['when a resync came after the settlements', [line('hello', 60), line('end', 70), line('resync', 120)], null],
  ['when it was opened after the settlements', [line('hello', 101)], null],
  ['when it missed a settlement', [line('hello', 60), ...announced.slice(1)], /neither announced nor covered with a resync: 1/],
  ['when the resync came before the settlements', [line('hello', 60), line('resync', 90)], /neither announced nor covered with a resync: 3/],
  ['when it announced a settlement twice', [line('hello', 60), ...announced, announced[0]!], /more than once: 1/],
  ['when it announced another status', [line('hello', 60), ...announced.slice(1), line('payment', 110, '1', 'failed')], /wrong status: 1/],
  ['when it never opened', [line('end', 60)], /never opened: 1/],
])

const ofRefund = (id: string, status: string): StreamLine => ({ ...line('payment', 120, '1', status), refund: id })
const announcedAll = [line('hello', 60), ...announced, ofRefund('4', 'partially_refunded'), ofRefund('5', 'refunded')]
cases('an event stream of refunds', (lines: StreamLine[], findings) => checkStreams({ streams: new Map([['s', lines]]) }, refundedBooks, { from: 50, to: 200 }, findings), [
  ['when it announced each settlement of a refund once', announcedAll, null],
  ['when two refunds settled in one transaction', [...announcedAll.slice(0, -2), ofRefund('4', 'refunded'), ofRefund('5', 'refunded')], null],
  ['when it missed a refund', announcedAll.slice(0, -1), /neither announced nor covered with a resync: 1/],
  ['when it announced a refund twice', [...announcedAll, ofRefund('5', 'refunded')], /more than once: 1/],
  ['when it announced a refund with the status of a payment', [...announcedAll.slice(0, -1), ofRefund('5', 'completed')], /wrong status: 1/],
  ['when it announced a refund as another payment\'s', [...announcedAll.slice(0, -1), { ...ofRefund('5', 'refunded'), payment: '2' }], /wrong status: 1/],
  ['when it announced a payment as refunded before its last refund', [...announcedAll.slice(0, -2), ofRefund('5', 'refunded'), ofRefund('4', 'partially_refunded')], /refunded too early: 1/],
])

const booked = { ...books.payments[0]!, attempts: 2 }
const dead = { ...booked, status: 'pending', settledAt: null, attempts: 1 }
const afterAnOutage = (books: Books, findings: Findings): void => checkTransactions(books, { mayRefuse: false }, findings)
cases('what belongs in one transaction', afterAnOutage, [
  ['when each job counts the attempt that settled it', books, null],
  ['when a job counts one more', { ...books, payments: [booked] }, /count an attempt although nothing refused them: 1/],
  ['when a job that has not settled counts one', { ...books, payments: [dead] }, /count an attempt although nothing refused them: 1/],
  ['when an account was opened by itself', { ...books, openedAlone: ['a'] }, /not opened together with a payment: 1/],
])
cases('what belongs in one transaction, of a fault that refuses jobs,', (books: Books, findings) => checkTransactions(books, { mayRefuse: true }, findings), [
  ['when jobs count several attempts', { ...books, payments: [booked, dead] }, null],
])
