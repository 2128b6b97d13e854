import { z } from 'zod'
import { Refusal } from '../../compose/src/refusal.ts'

/** Reads settings, of which an empty one counts as not given. Throws a Refusal that names every wrong one, its value and what is allowed. */
export function readSettings<Settings>(rules: z.ZodType<Settings>, env: NodeJS.ProcessEnv): Settings {
  const { success, data, error } = rules.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')))
  if (!success)
    throw new Refusal(error.issues.map(({ path: [name], message }) => `${String(name)}=${env[String(name)]} is wrong: ${message}.`).join(' '))
  return data
}

/** A whole number within bounds, both inclusive. */
export function wholeNumber(what: string, max: number, min = 1) {
  const allowed = `${what} is a whole number from ${min} to ${max}`
  return z.string().regex(/^\d{1,10}$/, allowed).transform(Number).refine(n => n >= min && n <= max, allowed)
}

const durationRule = 'a duration is written like 30s, 5m or 1h30m, from 1s to 24h'
/** A duration, which becomes seconds. */
export const durationInSeconds = z.string().regex(/^(?=.)(?:\d{1,2}h)?(?:\d{1,4}m)?(?:\d{1,5}s)?$/, durationRule).transform(parseSeconds).refine(s => s >= 1 && s <= 86_400, durationRule)

function parseSeconds(text: string): number {
  const [, h, m, s] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? []
  return Number(h ?? 0) * 3_600 + Number(m ?? 0) * 60 + Number(s ?? 0)
}
