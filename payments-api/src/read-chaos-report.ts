import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const Report = z.object({
  finishedAt: z.iso.datetime({ offset: true }),
  passed: z.boolean(),
  sentences: z.array(z.string().max(500)).max(50),
})
/** What a chaos run leaves for the console: when it ended, whether every check passed, and what it did, in sentences. */
export type ChaosReport = z.output<typeof Report>

/** Reads the last chaos report. Returns null if there is none, or none that this version understands. */
export async function readChaosReport(path: string | undefined): Promise<ChaosReport | null> {
  if (path === undefined)
    return null
  try {
    return Report.parse(JSON.parse(await readFile(path, 'utf8')))
  }
  catch {
    return null
  }
}
