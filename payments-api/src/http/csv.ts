/** Characters that a spreadsheet may skip before a formula: spaces, control and format characters, blank letters. */
const INVISIBLE = String.raw`[\s\p{C}\p{Default_Ignorable_Code_Point}]*`
/** Excel and LibreOffice begin a formula at = + - @; U+2212 is the minus sign that a person may paste. */
const FORMULA = new RegExp(`^${INVISIBLE}[=+\\-@\\u2212]`, 'u')
/** A tab or a line break as the first character: some importers drop it, others begin a new cell there. */
const STARTS_A_CELL = /^[\t\r\n]/
/** Characters other than a comma at which an importer may begin a new cell or line. */
const SEPARATOR = String.raw`[;|\p{Cc}\p{Zl}\p{Zp}]`
const AFTER_SEPARATOR = new RegExp(`(?<=${SEPARATOR})`, 'u')
/** Characters that an importer may read as the end of a cell or line, and outer spaces that it may drop. */
const NEEDS_QUOTES = new RegExp(String.raw`[",]|^\s|\s$|${SEPARATOR}`, 'u')

/**
 * Writes text as a CSV cell. Text that a spreadsheet would read as a formula is prefixed with an apostrophe, even if its sign is
 * full-width or follows an invisible character. The same goes for text after a separator other than the comma: a spreadsheet that
 * splits lines there does not see the quotes, which are within its cell then. Text with a separator of any kind is quoted.
 * Sources: RFC 4180; OWASP, CSV Injection; OWASP ASVS 5.0, 1.2.10.
 */
export function csvText(text: string): string {
  const parts = text.split(AFTER_SEPARATOR).map(part => startsFormula(part) ? `'${part}` : part)
  const safe = (STARTS_A_CELL.test(text) ? '\'' : '') + parts.join('')
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** A line of cells that are written already. It ends in CRLF, as in RFC 4180. */
export function csvRow(cells: readonly string[]): string {
  return `${cells.join(',')}\r\n`
}

function startsFormula(text: string): boolean {
  // NFKC turns a full-width or small = into =, but merges = and a combining stroke into one character, so test both forms.
  return FORMULA.test(text) || FORMULA.test(text.normalize('NFKC'))
}
