const LEVELS: Record<number, string> = { 10: 'TRACE', 20: 'DEBUG', 30: 'INFO', 40: 'WARN', 50: 'ERROR', 60: 'FATAL' }
// These fields are the same in every line of a process, or are formatted separately.
const OMITTED = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'name', 'service', 'worker'])
const MAX_VALUE_LENGTH = 300
const MAX_LINE_LENGTH = 1_000

/**
 * Formats a log line for a person: pino's JSON as `time LEVEL message key=value`, other lines unchanged. At most 1,000
 * characters.
 */
export function readable(line: string): string {
  const entry = parseEntry(line)
  return cut(entry ? format(entry) : line.trimEnd(), MAX_LINE_LENGTH)
}

function parseEntry(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{'))
    return null
  try {
    const entry: unknown = JSON.parse(line)
    return isObject(entry) && 'level' in entry ? entry : null
  }
  catch {
    return null
  }
}

function format(entry: Record<string, unknown>): string {
  const moment = new Date(entry.time as number | string)
  const time = Number.isNaN(moment.getTime()) ? undefined : moment.toISOString().slice(11, 23)
  const level = (LEVELS[entry.level as number] ?? String(entry.level)).padEnd(5)
  const rest = Object.entries(entry).filter(([key]) => !OMITTED.has(key)).flatMap(([key, value]) => pairs(key, value))
  return [time, level, entry.msg, ...rest].filter(part => part !== undefined && part !== '').join(' ')
}

/** Formats `key=value`: the first line of an error (the file has the stack), one pair per field of an object. */
function pairs(key: string, value: unknown): string[] {
  if (!isObject(value))
    return [`${key}=${text(value)}`]
  if (typeof value.stack === 'string')
    return [`${key}=${text(value.stack.split('\n')[0])}`]
  return Object.entries(value).map(([field, inner]) => `${key}.${field}=${text(inner)}`)
}

function text(value: unknown): string {
  return cut(typeof value === 'string' ? value : JSON.stringify(value), MAX_VALUE_LENGTH)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function cut(value: string, length: number): string {
  return value.length > length ? `${value.slice(0, length - 1)}…` : value
}
