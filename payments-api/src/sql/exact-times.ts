import type { Knex } from 'knex'
import pg from 'pg'

const TIMESTAMP = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?$/

/**
 * Converts a timestamptz as Postgres writes it (DateStyle ISO, or in JSON) to ISO 8601 in UTC with all its microseconds: three
 * decimals for a whole millisecond, otherwise six. A JavaScript Date would drop the last three.
 */
export function isoTime(text: string): string {
  const match = TIMESTAMP.exec(text)
  if (!match)
    return text // 'infinity' and years before Christ
  const [, day, time, fraction = '', sign, hours, minutes = '0', seconds = '0'] = match
  const offsetMs = Number(`${sign}1`) * (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000
  const utc = offsetMs === 0 ? `${day}T${time}` : new Date(Date.parse(`${day}T${time}Z`) - offsetMs).toISOString().slice(0, 19)
  const micros = fraction.padEnd(6, '0')
  return `${utc}.${micros.endsWith('000') ? micros.slice(0, 3) : micros}Z`
}

/** isoTime for a time that may be null. */
export function isoTimeOrNull(text: string | null): string | null {
  return text === null ? null : isoTime(text)
}

/** For a connection's `types`: reads timestamptz with isoTime, every other type as pg does. */
export const exactTimes: Knex.PgConnectionConfig['types'] = {
  getTypeParser: (oid, format) => oid === pg.types.builtins.TIMESTAMPTZ ? isoTime : pg.types.getTypeParser(oid, format as 'text') as (value: string) => unknown,
}
