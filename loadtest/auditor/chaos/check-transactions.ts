import type { Findings } from '../findings.ts'
import type { Books } from './books.ts'

/**
 * Checks what belongs in one transaction, and what a rolled back one must leave: an account opens together with a payment, and a job
 * counts the attempt that settled it, but none that an outage ended. With `mayRefuse`, jobs may have been refused before.
 */
export function checkTransactions({ payments, openedAlone }: Books, { mayRefuse }: { mayRefuse: boolean }, findings: Findings): void {
  for (const id of openedAlone)
    findings.add('accounts that were not opened together with a payment', id)
  for (const { id, attempts, settledAt, status } of mayRefuse ? [] : payments) {
    if (attempts > (settledAt === null ? 0 : 1))
      findings.add('jobs that count an attempt although nothing refused them', `${id}: ${attempts} attempts, ${status}`)
  }
}
