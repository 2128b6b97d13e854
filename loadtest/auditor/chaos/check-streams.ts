import type { Findings } from '../findings.ts'
import type { BookedPayment, Books } from './books.ts'
import type { ChaosJournal, StreamLine } from './journal.ts'

/**
 * Checks that each stream announced each settled payment once, with its status; or told its client to fetch again (`resync`)
 * after the payment had settled. `from` and `to` are the round's bounds in epoch milliseconds: a payment that settled outside
 * them, on a clock that was set, is excused by any resync.
 */
export function checkStreams({ streams }: Pick<ChaosJournal, 'streams'>, { payments }: Books, { from, to }: { from: number, to: number }, findings: Findings): void {
  for (const [stream, lines] of streams) {
    const firstHello = lines.find(({ event }) => event === 'hello')
    if (!firstHello)
      findings.add('streams that never opened', stream)
    const lastResync = lines.findLast(({ event }) => event === 'resync')?.at ?? -Infinity
    const announced = Map.groupBy(lines.filter(({ event }) => event === 'payment'), ({ payment }) => payment!)
    for (const payment of payments) {
      const announcements = announced.get(payment.id) ?? []
      checkAnnouncements(stream, payment, announcements, findings)
      const { settledAt } = payment
      if (settledAt === null || announcements.length > 0)
        continue
      const isPlausible = settledAt >= from && settledAt <= to
      const isExcused = isPlausible ? lastResync >= settledAt || (firstHello?.at ?? Infinity) >= settledAt : lastResync > -Infinity
      if (!isExcused)
        findings.add('settled payments that a stream neither announced nor covered with a resync', `${payment.id} on the ${stream}, settled ${new Date(settledAt).toISOString()}`)
    }
  }
}

function checkAnnouncements(stream: string, { id, status }: BookedPayment, announcements: StreamLine[], findings: Findings): void {
  if (announcements.length > 1)
    findings.add('payments that one stream announced more than once', `${id}: ${announcements.length} times on the ${stream}`)
  for (const { status: announcedStatus } of announcements) {
    if (announcedStatus !== status)
      findings.add('payments that were announced with the wrong status', `${id}: ${announcedStatus} on the ${stream}, stored ${status}`)
  }
}
