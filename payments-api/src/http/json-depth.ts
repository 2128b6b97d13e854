/** Deepest nesting of objects and arrays. A payment needs 1. JSON.parse with a reviver recurses: 20,000 levels overflow the stack. */
export const MAX_JSON_DEPTH = 32

/** Whether a JSON text nests objects and arrays deeper than MAX_JSON_DEPTH. */
export function isTooDeep(text: string): boolean {
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (character === '\\')
      i++ // a backslash outside a string is not JSON anyway
    else if (character === '"')
      inString = !inString
    else if (inString)
      continue
    else if ((character === '{' || character === '[') && ++depth > MAX_JSON_DEPTH)
      return true
    else if (character === '}' || character === ']')
      depth--
  }
  return false
}
