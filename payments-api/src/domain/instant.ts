/**
 * A point in time from a caller, with any number of decimals. The database keeps microseconds, so these two fields are enough
 * to compare its times with an instant.
 */
export interface Instant {
  /** Microseconds since 1970, rounded down. */
  micros: bigint
  /** Whether the instant is later than that microsecond. */
  beyond: boolean
}

const RFC_3339 = /^(?<day>\d{4}-\d\d-\d\d)t(?<hour>[01]\d|2[0-3]):(?<minute>[0-5]\d)(?::(?<second>[0-5]\d|60)(?:\.(?<fraction>\d+))?)?(?:z|(?<sign>[+-])(?<offsetHours>[01]\d|2[0-3]):(?<offsetMinutes>[0-5]\d))$/i
const MICROS_PER_SECOND = 1_000_000n
const MICROS_PER_MS = 1_000n
/** Postgres has no year 0, and our texts have four-digit years. No payment lies outside this range, so instants are clamped to it. */
const FIRST_SECOND = BigInt(Date.parse('0001-01-01T00:00:00Z') / 1_000)
const LAST_SECOND = BigInt(Date.parse('9999-12-31T23:59:59Z') / 1_000)

/**
 * Reads a date and time with an offset (RFC 3339; the seconds may be left out). A leap second is the start of the next
 * day, as in Postgres. Returns undefined for anything else, such as February 30.
 */
export function parseInstant(text: string): Instant | undefined {
  const groups = RFC_3339.exec(text)?.groups
  if (!groups)
    return undefined
  const { day, hour, minute, second = '0', fraction = '', sign, offsetHours = '0', offsetMinutes = '0' } = groups
  const midnightMs = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(midnightMs) || !new Date(midnightMs).toISOString().startsWith(day!))
    return undefined
  const offsetSeconds = (sign === '-' ? -1 : 1) * (Number(offsetHours) * 3_600 + Number(offsetMinutes) * 60)
  const seconds = midnightMs / 1_000 + Number(hour) * 3_600 + Number(minute) * 60 + Number(second) - offsetSeconds
  if (second === '60' && seconds % 86_400 !== 0)
    return undefined
  return {
    micros: clamp(BigInt(seconds)) * MICROS_PER_SECOND + BigInt(fraction.slice(0, 6).padEnd(6, '0')),
    beyond: /[1-9]/.test(fraction.slice(6)),
  }
}

/** The last microsecond at or before the instant, as ISO 8601 with six decimals. */
export function microsecondText({ micros }: Instant): string {
  const fraction = (micros % MICROS_PER_SECOND + MICROS_PER_SECOND) % MICROS_PER_SECOND
  const second = new Date(Number((micros - fraction) / MICROS_PER_MS)).toISOString().slice(0, 19)
  return `${second}.${fraction.toString().padStart(6, '0')}Z`
}

/** The last instant before this one that the database can keep. Nothing is older than the first one, which is returned unchanged. */
export function microsecondBefore({ micros, beyond }: Instant): Instant {
  return { micros: beyond || micros === FIRST_SECOND * MICROS_PER_SECOND ? micros : micros - 1n, beyond: false }
}

/** The first whole millisecond at or after the instant: a time in whole milliseconds is at or after both or neither. */
export function firstMillisecondFrom({ micros, beyond }: Instant): Date {
  const ms = micros / MICROS_PER_MS // rounds towards 1970
  const start = ms * MICROS_PER_MS
  return new Date(Number(start < micros || (start === micros && beyond) ? ms + 1n : ms))
}

function clamp(seconds: bigint): bigint {
  return seconds < FIRST_SECOND ? FIRST_SECOND : seconds > LAST_SECOND ? LAST_SECOND : seconds
}
