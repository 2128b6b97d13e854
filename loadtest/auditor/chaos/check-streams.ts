import type { Findings } from '../findings.ts'
import type { BookedPayment, Books } from './books.ts'
import type { ChaosJournal, StreamLine } from './journal.ts'

/**
 * Checks that each stream announced each settled payment and refund once, with the payment's status; or told its client to fetch again
 * (`resync`) after it had settled. `from` and `to` are the round's bounds in epoch milliseconds: what settled outside them, on a clock
 * that was set, is excused by any resync.
 */
export function checkStreams({ streams }: Pick<ChaosJournal, 'streams'>, { payments }: Books, { from, to }: { from: number, to: number }, findings: Findings): void {
  const statuses = new Map(payments.map(({ id, status }) => [id, status]))
  for (const [stream, lines] of streams) {
    const firstHello = lines.find(({ event }) => event === 'hello')
    if (!firstHello)
      findings.add('streams that never opened', stream)
    const lastResync = lines.findLast(({ event }) => event === 'resync')?.at ?? -Infinity
    const announced = Map.groupBy(lines.filter(({ event }) => event === 'payment'), ({ payment, refund }) => refund ?? payment!)
    for (const payment of payments) {
      const announcements = announced.get(payment.id) ?? []
      checkAnnouncements(stream, payment, statuses, announcements, findings)
      const { settledAt } = payment
      if (settledAt === null || announcements.length > 0)
        continue
      const isPlausible = settledAt >= from && settledAt <= to
      const isExcused = isPlausible ? lastResync >= settledAt || (firstHello?.at ?? Infinity) >= settledAt : lastResync > -Infinity
      if (!isExcused)
        findings.add('settled payments that a stream neither announced nor covered with a resync', `${payment.id} on the ${stream}, settled ${new Date(settledAt).toISOString()}`)
    }
    checkOrder(stream, lines, findings)
  }
}

function checkAnnouncements(stream: string, { id, status, refundOf }: BookedPayment, statuses: ReadonlyMap<string, string>, announcements: StreamLine[], findings: Findings): void {
  if (announcements.length > 1)
    findings.add('payments that one stream announced more than once', `${id}: ${announcements.length} times on the ${stream}`)
  // When a payment settled nothing of it was refunded; when a refund did, perhaps less than now.
  const isRight = (announced: string): boolean => refundOf === null
    ? announced === (status === 'failed' || status === 'pending' ? status : 'completed')
    : announced === 'partially_refunded' || (announced === 'refunded' && statuses.get(refundOf) === 'refunded')
  for (const { payment, status: announced } of announcements) {
    if (!isRight(announced!) || payment !== (refundOf ?? id))
      findings.add('payments that were announced with the wrong status', `${id}: ${announced} of ${payment} on the ${stream}, stored ${status}`)
  }
}

/** The settlements of a payment and its refunds commit one after the other: once it was announced as refunded, nothing follows. */
function checkOrder(stream: string, lines: StreamLine[], findings: Findings): void {
  const refunded = new Set<string>()
  for (const { payment, status } of lines) {
    if (payment !== undefined && status !== 'refunded' && refunded.has(payment))
      findings.add('payments that were announced as refunded too early', `${payment}: then ${status} on the ${stream}`)
    if (payment !== undefined && status === 'refunded')
      refunded.add(payment)
  }
}
