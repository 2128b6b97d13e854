import { z } from 'zod'
import { OUTCOMES, PAYMENT_STATUSES } from '../domain/payment.ts'

const EventId = z.string().meta({ pattern: '^[0-9a-f]+:[0-9]+$', description: 'Send it as Last-Event-ID to continue after this event', examples: ['9f86d081884c:42'] })

/** The data of an event is JSON in a string. */
function data(schema: z.ZodType): z.ZodString {
  const { $schema, ...contentSchema } = z.toJSONSchema(schema, { io: 'input' })
  return z.string().meta({ contentMediaType: 'application/json', contentSchema })
}

const nothing = data(z.object({}))
const settled = data(z.object({
  id: z.string().meta({ format: 'uuid', description: 'The payment' }),
  accountId: z.string().optional().meta({ description: 'Its account. Missing if an older worker settled the payment.' }),
  status: z.enum(PAYMENT_STATUSES).exclude(['pending']),
  outcome: z.enum(Object.values(OUTCOMES)).optional().meta({ description: 'What reconciliation found. Missing if a refund settled: it leaves the payment\'s outcome as it is.' }),
  refundId: z.string().optional().meta({ format: 'uuid', description: 'The refund that settled. Missing if the payment did.' }),
}))
const arrived = data(z.object({
  accountIds: z.array(z.string()).optional().meta({ description: 'The accounts of these payments. Missing if there are more than 100, or if they are not known.' }),
}))

/** The items of the stream of GET /events: the fields of server-sent events. */
export const StreamEvent = z.union([
  z.object({ event: z.literal('hello'), id: EventId, data: nothing }).describe('The stream is open. Fetch what you show after this event.'),
  z.object({ event: z.literal('payment'), id: EventId, data: settled }).describe('A payment settled, or a refund of it, which changes its status to partially_refunded or refunded.'),
  z.object({ event: z.literal('arrived'), data: arrived }).describe('Payments were accepted.'),
  z.object({ event: z.literal('heartbeat'), data: nothing }).describe('Every three seconds. After a longer silence, reconnect.'),
  z.object({ event: z.literal('resync'), id: EventId.optional(), data: nothing }).describe('Events may have been missed. Fetch again what you show.'),
])
