import type { QueueModel, Registered } from './queue-model.ts'
import type { Execute, Result } from './simulated-postgres.ts'

/** As in virtual-clock.ts. */
const STARTS_AT_MS = Date.UTC(2026)
/** Longest wait of a statement for the worker's own row. */
const LOCK_TIMEOUT_MS = 1_500

type Handler = (this: QueueModel, ...args: Parameters<Execute>) => Result | Promise<Result>

/** Our statements, recognized by a part of their text. */
export const STATEMENTS: [RegExp, Handler][] = [
  [/select payment_id, run_at, attempts, locked_at\s+from recon_jobs/, function (transaction, { text, values: [lowWaterMark] }) {
    if (transaction.read(this.queue)!.pausedBy !== null)
      return []
    const fromMs = lowWaterMark instanceof Date ? lowWaterMark.getTime() : -Infinity
    const limit = Number(/limit (\d+)/.exec(text)![1])
    const order = text.includes('run_at desc') ? -1 : 1
    const due = [...this.payments.values()]
      .filter(({ job }) => this.isDue(job, transaction.startedAtMs) && STARTS_AT_MS + job.value!.runAtMs >= fromMs)
      .sort((a, b) => order * (a.job.value!.runAtMs - b.job.value!.runAtMs || (a.id < b.id ? -1 : 1)))
    const claimed: Result = []
    for (const { id, accountId, amount, job } of due) {
      if (claimed.length < limit && transaction.tryLock(job))
        claimed.push({ paymentId: id, accountId, amount, runAt: new Date(STARTS_AT_MS + job.value!.runAtMs), attempts: job.value!.attempts })
    }
    return order === 1 ? claimed : claimed.reverse()
  }],
  [/select exists \(select from recon_jobs/, function (transaction) {
    return [{ held: this.queue.value!.pausedBy === null && [...this.payments.values()].some(({ job }) => this.isDue(job, transaction.startedAtMs)) }]
  }],
  [/^select paused_at is not null/, function () {
    return [{ paused: this.queue.value!.pausedBy !== null }]
  }],
  [/post_results\(\)/, async function (transaction, { values: [ids, outcomes] }, session) {
    await this.post(transaction, ids as string[], outcomes as string[], session)
    return []
  }],
  [/from settle_one_by_one\(/, async function (transaction, { values }, session) {
    const [ids, outcomes] = values as [string[], string[]]
    const unsettled: Result = []
    for (const [i, paymentId] of ids.entries()) {
      if (i > 0 && this.server.random() < 0.1)
        return [...unsettled, ...ids.slice(i).map(paymentId => ({ paymentId, error: null }))]
      const savepoint = transaction.savepoint()
      try {
        await this.post(transaction, [paymentId], [outcomes[i]!], session)
      }
      catch (error) {
        if ((error as { code?: unknown }).code !== '23514')
          throw error
        transaction.rollbackTo(savepoint)
        unsettled.push({ paymentId, error: (error as Error).message })
      }
    }
    return unsettled
  }],
  [/with batch as materialized/, async function (transaction, { text, values }, session) {
    const [ids, posted] = values as [string[], boolean[]]
    const payments = ids.map(id => this.payments.get(id)!)
    const held = await this.lockAccounts(transaction, payments.filter((_, i) => posted[i]).flatMap(payment => this.accountsOf(payment, session)), text.includes('update skip locked'))
    return payments.map((payment, i) => ({
      paymentId: payment.id,
      refusal: payment.poison === 'known' ? 'refused for a known cause' : null,
      held: posted[i] && this.accountsOf(payment, session).some(account => held.has(account)),
    }))
  }],
  [/pg_notify\('payment_events'/, function (transaction, { values: [accounts, settled] }) {
    for (const payload of accounts as string[])
      transaction.notify('payment_accounts', payload)
    for (const payload of settled as string[])
      transaction.notify('payment_events', payload)
    return []
  }],
  [/set attempts = failed\.attempts, last_error/, function (transaction, { values: [, maxAttempts,, ids, errors, backoffs, allAttempts] }) {
    return (ids as string[]).map((paymentId, i) => {
      const { job } = this.payments.get(paymentId)!
      const before = transaction.read(job)!
      const attempts = (allAttempts as number[])[i]!
      const status = maxAttempts !== null && attempts >= Number(maxAttempts) ? 'dead' : 'pending'
      transaction.write(job, { ...before, status, attempts, runAtMs: transaction.startedAtMs + (backoffs as number[])[i]! })
      return { paymentId, error: (errors as string[])[i], status }
    })
  }],
  [/set run_at = now\(\) \+/, function (transaction, { values: [maxDeferralMs, ids] }) {
    for (const id of ids as string[]) {
      const { job } = this.payments.get(id)!
      transaction.write(job, { ...transaction.read(job)!, runAtMs: transaction.startedAtMs + Number(maxDeferralMs) * (0.5 + this.server.random() / 2) })
    }
    return []
  }],
  [/insert into recon_workers/, async function (transaction, { values: [, id,,, blame] }) {
    const row = this.worker(String(id))
    await transaction.lock(row, LOCK_TIMEOUT_MS)
    const before = transaction.read(row)
    const unclean = before?.stopped === false
    const stoppedWith = unclean && blame ? before.heldAlone : null
    const after: Registered = {
      stopped: false,
      uncleanStops: unclean ? before.uncleanStops + 1 : 0,
      heldAlone: null,
      stoppedWith,
      stoppedWithIt: stoppedWith === null ? 0 : stoppedWith === before!.stoppedWith ? before!.stoppedWithIt + 1 : 1,
      startedAtMs: transaction.startedAtMs,
    }
    transaction.write(row, after)
    return [{ ...after, startedAt: new Date(STARTS_AT_MS + after.startedAtMs) }]
  }],
  [/set held_alone = |set stopped_at = now/, async function (transaction, { text, values }) {
    const row = this.worker(String(values[1]))
    await transaction.lock(row, LOCK_TIMEOUT_MS)
    const change = text.includes('held_alone') ? { heldAlone: values[0] as string | null } : { stopped: true }
    transaction.write(row, { ...transaction.read(row)!, ...change })
    return []
  }],
  [/set unclean_stops = 0/, async function (transaction, { values: [id] }) {
    const row = this.worker(String(id))
    await transaction.lock(row, LOCK_TIMEOUT_MS)
    const before = transaction.read(row)!
    if ([...this.payments.values()].some(({ job }) => this.isDue(job, before.startedAtMs)))
      return []
    transaction.write(row, { ...before, uncleanStops: 0, heldAlone: null, stoppedWith: null, stoppedWithIt: 0 })
    return [{}]
  }],
  [/^select\s+set_config\('lock_timeout'/, () => [{}]],
]
