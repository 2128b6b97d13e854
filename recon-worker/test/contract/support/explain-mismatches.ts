import type { InteractionResult, Mismatch } from './verify-pacts.ts'

/**
 * Returns one line per field that differs from what its consumer reads, with the interactions that found the difference:
 * `payments-ui reads payments[].outcome, which is missing: in "the newest payments" and 2 more`.
 */
export function explainMismatches(results: InteractionResult[]): string[] {
  const found = new Map<string, string[]>()
  for (const { consumer, description, mismatch, result } of results) {
    if (result === 'OK')
      continue
    const mismatches = mismatch?.mismatches ?? []
    // With another status, the body and headers differ too and say nothing more.
    const status = mismatches.filter(({ type }) => type === 'StatusMismatch')
    const lines = (status.length > 0 ? status : mismatches).flatMap(each => explain(consumer, each))
    for (const line of lines.length > 0 ? lines : [`${consumer} gets nothing: ${mismatch?.message ?? result}`])
      found.set(line, [...found.get(line) ?? [], description])
  }
  return [...found].map(([line, [first, ...more]]) => `${line}: in "${first}"${more.length > 0 ? ` and ${more.length} more` : ''}`)
}

function explain(consumer: string, { type, mismatch, path, key }: Mismatch): string[] {
  if (type === 'StatusMismatch')
    return [`${consumer} is answered another status, ${mismatch}`]
  if (key !== undefined)
    return [`${consumer} reads ${type === 'HeaderMismatch' ? 'the header' : 'the metadata'} ${key}: ${mismatch}`]
  const missing = /missing the following keys: (.*)$/.exec(mismatch)
  return missing
    ? missing[1]!.split(', ').map(name => `${consumer} reads ${fieldName(`${path}.${name}`)}, which is missing`)
    : [`${consumer} reads ${fieldName(path ?? '$')}: ${mismatch}`]
}

/** Turns `$.payments[0].outcome` into `payments[].outcome`. */
function fieldName(path: string): string {
  return path.replace(/^\$\.?/, '').replaceAll(/\.?\[?\b\d+\b\]?/g, '[]') || 'the body'
}
