import { JsonNumber } from './json-number.ts'

const SPACE = 0x20 // all white space of JSON is at or below this code
const COLON = 0x3A
const BACKSLASH = 0x5C

/**
 * Finds a key that an object repeats, at any depth and however it is escaped. Returns the path of the first one;
 * undefined if every key is unique. JSON.parse silently keeps the last value of a repeated key, other parsers keep the
 * first. Sources: RFC 8259 section 4, and RFC 7493 (I-JSON) section 2.3, which forbids repeated keys.
 *
 * @param text valid JSON
 * @param parsed the result of JSON.parse, which has fewer keys than the text if one was repeated
 */
export function repeatedKey(text: string, parsed: unknown): (string | number)[] | undefined {
  return countWrittenKeys(text) === countKeys(parsed) ? undefined : findRepeatedKey(text)
}

/** How many strings of the text are followed by a colon. */
function countWrittenKeys(text: string): number {
  let count = 0
  for (let open = text.indexOf('"'); open !== -1;) {
    let close = text.indexOf('"', open + 1)
    while (isEscaped(text, close))
      close = text.indexOf('"', close + 1)
    let next = close + 1
    while (text.charCodeAt(next) <= SPACE)
      next++
    if (text.charCodeAt(next) === COLON)
      count++
    open = text.indexOf('"', next)
  }
  return count
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH)
    backslashes++
  return backslashes % 2 === 1
}

function countKeys(parsed: unknown): number {
  let count = 0
  const open = [parsed]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null || value instanceof JsonNumber)
      continue
    const children: unknown[] = Object.values(value)
    if (!Array.isArray(value))
      count += children.length
    for (const child of children) {
      if (typeof child === 'object')
        open.push(child)
    }
  }
  return count
}

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g

/** An object or array that the scan is in, and the position in it. */
interface Container {
  /** The keys of an object so far; undefined for an array. */
  keys?: Set<string>
  at: string | number
  /** The next string is a key. */
  expectsKey: boolean
}

function findRepeatedKey(text: string): (string | number)[] | undefined {
  const containers: Container[] = []
  for (const [token] of text.matchAll(TOKEN)) {
    const inside = containers.at(-1)
    switch (token) {
      case '{':
        containers.push({ keys: new Set(), at: '', expectsKey: true })
        break
      case '[':
        containers.push({ at: 0, expectsKey: false })
        break
      case '}':
      case ']':
        containers.pop()
        break
      case ',':
        if (inside?.keys)
          inside.expectsKey = true
        else if (inside)
          inside.at = Number(inside.at) + 1
        break
      default: // a string
        if (!inside?.keys || !inside.expectsKey)
          break
        inside.at = JSON.parse(token) as string
        if (inside.keys.has(inside.at))
          return containers.map(({ at }) => at)
        inside.keys.add(inside.at)
        inside.expectsKey = false
    }
  }
  return undefined
}
