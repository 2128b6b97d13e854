import type { Request, Response } from 'express'
import type { Logger } from 'pino'
import { pipeline } from 'node:stream/promises'
import { loggedRequest } from './log-requests.ts'

/** A client that reads nothing for this long is disconnected. */
const STALL_MS = 60_000

/** Streams lines as a CSV file, no faster than the client reads. A failure on the way ends the connection, so that no client takes a part for the whole. */
export async function sendCsv({ lines, filename, log }: { lines: AsyncIterable<string>, filename: string, log: Logger }, req: Request, res: Response): Promise<void> {
  res.set('Content-Disposition', `attachment; filename="${filename}"`).type('text/csv; charset=utf-8')
  if (req.method === 'HEAD')
    return void res.end()
  res.setTimeout(STALL_MS, () => res.destroy())
  await pipeline(lines, res).catch((error: unknown) => {
    if (!res.destroyed || (error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE')
      log.error({ req: loggedRequest(req), err: error }, 'the export broke off')
  })
}
