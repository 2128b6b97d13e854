/** Characters that no one sees: zero-width spaces and joiners, direction marks and overrides, soft hyphens, the byte order mark. */
const INVISIBLE = /[\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/g
/** Dashes that programs print as a minus sign: U+2212, and the small, fullwidth, figure and en dashes. */
const MINUS = /^[\u2212\uFE63\uFF0D\u2012\u2013](?=\d|\.)/

/** Returns a pasted name or code without invisible characters and without spaces around it. No-break spaces count as spaces. */
export function cleanTyped(text: string): string {
  return text.replaceAll(INVISIBLE, '').trim()
}

/** Returns a pasted amount like `cleanTyped`, with a hyphen for its minus sign: the only one that the API reads. */
export function cleanAmount(text: string): string {
  return cleanTyped(text).replace(MINUS, '-')
}
