import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A list of payment statuses. The services share no code, so each has one; the first is the database's. */
export interface StatusList {
  place: string
  file: string
  /** The list's name in the file, for people. */
  list: string
  /** Returns the statuses in the file's text; undefined if the list is not there. */
  read: (text: string) => string[] | undefined
  /** What to do when statuses are missing from the list. */
  fix: (missing: string) => string
}

const quoted = (text: string | undefined): string[] | undefined => text === undefined ? undefined : [...text.matchAll(/'([^']*)'/g)].map(([, value]) => value!)
const addTo = (list: string) => (missing: string) => `add ${missing} to ${list}`

export const STATUS_LISTS: readonly StatusList[] = [
  {
    place: 'database',
    file: 'contracts/invariants/guards.sql',
    list: 'payments.payments_status_check',
    read: guards => allowedStatuses(guards, 'payments'),
    fix: missing => `add a migration that allows ${missing} in payments.status, then run \`make contracts-record\``,
  },
  {
    place: 'API',
    file: 'payments-api/src/domain/payment.ts',
    list: 'PAYMENT_STATUSES',
    read: text => quoted(/^export const PAYMENT_STATUSES = \[([^\]]*)\]/m.exec(text)?.[1]),
    fix: addTo('PAYMENT_STATUSES'),
  },
  {
    place: 'worker',
    file: 'recon-worker/src/reconcile.ts',
    list: 'REFUSAL_BY_STATUS',
    read: text => keysOf(/^export const REFUSAL_BY_STATUS = \{([^}]*)\}/m.exec(text)?.[1]),
    fix: missing => `add ${missing} to REFUSAL_BY_STATUS: does the worker settle such a payment?`,
  },
  {
    place: 'console',
    file: 'payments-ui/shared/types/payment.ts',
    list: 'paymentStatuses',
    read: text => quoted(/^export const paymentStatuses = \[([^\]]*)\]/m.exec(text)?.[1]),
    fix: addTo('paymentStatuses'),
  },
  {
    place: 'document',
    file: 'contracts/openapi.json',
    list: 'the filter `status` of GET /payments',
    read: (text) => {
      const { paths } = JSON.parse(text) as { paths: Record<string, { get?: { parameters?: { name: string, schema: { enum?: string[] } }[] } }> }
      return paths['/payments']?.get?.parameters?.find(({ name }) => name === 'status')?.schema.enum
    },
    fix: missing => `add ${missing} to the API, then run \`make contracts-record\``,
  },
  {
    place: 'docs',
    file: 'docs/glossary.md',
    list: 'the row "payment status"',
    read: text => /^\| payment status \|([^|]*)\|/m.exec(text)?.[1]?.match(/(?<=`)[a-z_]+(?=`)/g) ?? undefined,
    fix: missing => `say in the row "payment status" what ${missing} means`,
  },
]

/** The values that the database's check allows in the column `status` of a table, from the text of guards.sql. */
export function allowedStatuses(guards: string, table: string): string[] | undefined {
  const check = new RegExp(`'${table}\\.${table}_status_check', 'CHECK \\(\\(status = ANY \\(ARRAY\\[(.*?)\\]`).exec(guards)
  return check?.[1] === undefined ? undefined : quoted(check[1].replaceAll('\'\'', '\''))
}

export interface StatusGap { place: string, file: string, fix: string }

/**
 * The lists that lack a status of another list, with what to do. A status in any list counts: one that only the console has is
 * missing everywhere else.
 */
export function statusGaps(tree: string): StatusGap[] {
  const found = STATUS_LISTS.map(each => ({ ...each, statuses: each.read(readFileSync(join(tree, each.file), 'utf8')) }))
  const all = [...new Set(found.flatMap(({ statuses }) => statuses ?? []))]
  return found.flatMap(({ place, file, list, statuses, fix }) => {
    const missing = all.filter(status => !statuses?.includes(status)).join(', ')
    if (statuses === undefined)
      return [{ place, file, fix: `has no ${list}: if it has another name now, change compose/src/contracts/statuses.ts` }]
    return missing === '' ? [] : [{ place, file, fix: fix(missing) }]
  })
}

function keysOf(text: string | undefined): string[] | undefined {
  return text === undefined ? undefined : [...text.matchAll(/^\s*(\w+):/gm)].map(([, key]) => key!)
}
