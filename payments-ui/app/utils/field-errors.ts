import type { Problem } from '#shared/types/problem'

/**
 * A problem's errors by the field of the form that each points at ("#/amount" is amount), and what points elsewhere.
 * Source of the pointers: RFC 6901, section 6.
 */
export function fieldErrors<Field extends string>(problem: Problem, fields: readonly Field[]): { byField: Partial<Record<Field, string>>, others: string[] } {
  const byField: Partial<Record<Field, string>> = {}
  const others: string[] = []
  for (const { pointer, parameter, detail } of problem.errors ?? []) {
    const name = pointer === undefined
      ? parameter
      : fieldName(pointer)
    const field = fields.find(field => field === name)
    if (field) {
      byField[field] = byField[field]
        ? `${byField[field]}; ${detail}`
        : detail
    }
    else {
      others.push(name
        ? `${name} ${detail}`
        : detail)
    }
  }
  return { byField, others }
}

function fieldName(pointer: string): string {
  try {
    return decodeURIComponent(pointer).replace(/^#?\//, '').replaceAll('~1', '/').replaceAll('~0', '~')
  }
  catch {
    return pointer
  }
}
