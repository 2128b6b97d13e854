import type { Response } from 'express'

export interface Acceptance {
  /** The path of the payment or refund. */
  location: string
  /** The body, whose bytes every replay repeats. */
  json: string
  replayed: boolean
}

/** Sends the first response for an idempotency key, or its replay. */
export function sendAccepted(res: Response, { location, json, replayed }: Acceptance): void {
  if (replayed)
    res.setHeader('Idempotent-Replayed', 'true')
  res.statusCode = 201
  res.setHeader('Location', location)
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.end(json)
}
