import type { Logger } from 'pino'
import type { ActivityHistory } from './domain/activity-history.ts'
import type { EventHub } from './domain/event-hub.ts'
import type { KnownCurrencies } from './domain/known-currencies.ts'
import type { settleStatistics } from './domain/settle-statistics.ts'
import type { Metrics } from './metrics.ts'
import type { Notifications } from './sql/notifications.ts'
import { parseArrivals } from './domain/arrivals.ts'
import { settledNotifications } from './domain/settled-notification.ts'
import { listen } from './sql/notifications.ts'

export interface FollowDatabaseDeps {
  databaseUrl: string
  events: EventHub
  statistics: ReturnType<typeof settleStatistics>
  history: ActivityHistory
  currencies: KnownCurrencies
  metrics: Metrics
  log: Logger
}

/** Listens for accepted and settled payments and refunds, and feeds the event streams, the statistics and the metrics. */
export function followDatabase({ databaseUrl, events, statistics, history, currencies, metrics, log }: FollowDatabaseDeps): Notifications {
  const settlements = settledNotifications()
  return listen(databaseUrl, ['refund_events', 'payment_accounts', 'payment_events', 'recon_jobs'], {
    listening: () => {
      events.resync()
      statistics.restart()
      currencies.forget() // a standby that took over, or a restored database, may lack accounts
    },
    notification: (channel, payload) => {
      if (channel === 'recon_jobs')
        return events.announceArrivals(parseArrivals(payload))
      if (channel === 'payment_accounts')
        return settlements.takeAccounts(payload)
      if (channel === 'refund_events')
        return settlements.takeRefunds(payload) ? undefined : events.resync()
      const settled = settlements.parse(payload)
      if (!settled)
        return events.resync()
      events.publish(settled.map(({ event }) => event))
      statistics.record(settled.map(({ id }) => id))
      history.recordSettled(settled)
      metrics.settled(settled.length)
    },
  }, log)
}
