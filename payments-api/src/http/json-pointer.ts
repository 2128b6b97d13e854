/** Longest pointer; a longer one is cut and ends in "…". A pointer into a body of 64 kB can be longer than the body. */
const MAX_POINTER_CHARACTERS = 256

/** Writes a path into a JSON text as a pointer. Source: RFC 6901, as a URI fragment. */
export function jsonPointer(path: PropertyKey[]): string {
  const pointer = `#${path.map(part => `/${encodeURIComponent(String(part).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')}`
  return pointer.length <= MAX_POINTER_CHARACTERS ? pointer : `${pointer.slice(0, MAX_POINTER_CHARACTERS)}…`
}
