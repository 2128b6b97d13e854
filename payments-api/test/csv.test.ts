import assert from 'node:assert/strict'
import fc from 'fast-check'
import { csvText } from '../src/http/csv.ts'

/** Parses the cells of one line, as in RFC 4180. */
function parse(line: string): string[] {
  const cells: string[] = []
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy
  for (let match = cell.exec(line); match; match = cell.exec(line))
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2]!)
  assert.equal(cell.lastIndex, 0, 'the whole line was read')
  return cells
}

const visible = (text: string): string => text.replace(/^[\s\p{C}]+/u, '')
const sign = fc.constantFrom(...'=+-@＝＋－＠﹦﹢﹣﹫⁺₌−')
const invisible = fc.constantFrom('', ' ', '\u00A0', '\t', '\r', '\n', '\uFEFF', '\u200B', '\u2028', '\u3000', '\u3164', '\u0085', '\u001F', '\u2060\u00AD')
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('"', ',', ';', '\t', '|', '\r', '\n', '\'', '=', '+', ' ', '1', '.') }),
  fc.tuple(invisible, invisible, sign, fc.string()).map(parts => parts.join('')),
)

describe('csvText', () => {
  it('writes a cell that parses to the text, with an apostrophe only before a possible formula', () => {
    fc.assert(fc.property(fc.array(text, { minLength: 1 }), (texts) => {
      for (const [i, cell] of parse(`${texts.map(csvText).join(',')}\r\n`).entries()) {
        const mayBeFormula = /^[\t\r\n]|[=+\-@−]/.test(texts[i]!.normalize('NFKC') + texts[i])
        assert.ok(cell === texts[i] || (mayBeFormula && cell.replaceAll('\'', '') === texts[i]!.replaceAll('\'', '')), JSON.stringify([cell, texts[i]]))
      }
    }), { numRuns: 2_000 })
  })

  it('never writes a formula, whatever invisible characters precede the sign and whatever form it has', () => {
    fc.assert(fc.property(text, (value) => {
      const [cell = ''] = parse(`${csvText(value)}\r\n`)
      for (const start of [visible(cell), visible(cell.normalize('NFKC'))])
        assert.ok(!/^[=+\-@−]/.test(start), JSON.stringify(cell))
    }), { numRuns: 2_000 })
  })

  it('never writes a formula for a spreadsheet that splits lines at semicolons, tabs, bars or line breaks', () => {
    fc.assert(fc.property(text, text, fc.constantFrom(...';\t|\r\n\u2028\v'), (before, after, separator) => {
      const line = `1,${csvText(before + separator + after)},2\r\n`
      for (const cell of line.split(/[;\t|\r\n\u2028\v]/).slice(1)) {
        for (const start of [visible(cell), visible(cell.normalize('NFKC'))])
          assert.ok(!/^[=+\-@−]/.test(start), JSON.stringify([line, cell]))
      }
    }), { numRuns: 2_000 })
  })

  for (const [value, cell] of [
    ['plain text', 'plain text'],
    ['-5.00', '\'-5.00'],
    ['a = b + c @ d', 'a = b + c @ d'],
    ['don\'t', 'don\'t'],
    ['', ''],
    ['=1+1', '\'=1+1'],
    ['-5.00 paid', '\'-5.00 paid'],
    ['＝1+1', '\'＝1+1'],
    ['＋1', '\'＋1'],
    ['－1', '\'－1'],
    ['＠SUM(1)', '\'＠SUM(1)'],
    ['\u00A0=1', '\'\u00A0=1'],
    ['\t=1', '"\'\t\'=1"'],
    ['\uFEFF=1', '\'\uFEFF=1'],
    ['\ttext', '"\'\ttext"'],
    ['a;b', '"a;b"'],
    ['a\tb', '"a\tb"'],
    ['x;=1+1', '"x;\'=1+1"'],
    ['x | ＠SUM(1)', '"x |\' ＠SUM(1)"'],
    ['x\n-1', '"x\n\'-1"'],
    ['x;1;a=b', '"x;1;a=b"'],
    ['a\u2028b', '"a\u2028b"'],
    ['say "a"', '"say ""a"""'],
  ] as const) {
    it(`writes ${JSON.stringify(value)} as ${JSON.stringify(cell)}`, () => assert.equal(csvText(value), cell))
  }
})
