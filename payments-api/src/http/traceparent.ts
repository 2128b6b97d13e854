import { z } from 'zod'

/** Source: W3C Trace Context, version 00. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** The header traceparent; null if it is missing or malformed. */
export const Traceparent = z.string().optional().transform(header => header !== undefined && TRACEPARENT.test(header) ? header : null).meta({ description: 'W3C Trace Context, stored with the payment or refund. A malformed value is ignored.' })
