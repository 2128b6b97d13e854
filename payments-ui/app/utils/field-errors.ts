import type { Problem } from '#shared/types/problem'

/**
 * Groups a problem's errors by form field ("#/amount" points at amount); `others` holds those that match no field.
 * Pointers are URI fragments as in RFC 6901, section 6.
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
