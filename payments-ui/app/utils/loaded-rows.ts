/** The loaded rows of a list: its first ones, without a gap. Immutable. */
export interface LoadedRows<Row> {
  rows: Row[]
  /** The cursor after the last row; null if no row follows. */
  nextCursor: string | null
  /** Pages requested. While this is 1, the list is just its first page and does not grow. */
  pages: number
}

export type RowsPage<Row> = Pick<LoadedRows<Row>, 'rows' | 'nextCursor'>

export interface RowRules<Row> {
  /** Names a row uniquely in its list. */
  keyOf: (row: Row) => string
  /** Chooses between a row that is loaded and the same row as fetched just now. */
  newer: (known: Row, fetched: Row) => Row
}

export const noRows = { rows: [], nextCursor: null, pages: 1 }

/** Keeps the loaded object of an unchanged row, so that Vue does not render it again. */
export function unlessSame<Row>(known: Row, fetched: Row): Row {
  return JSON.stringify(known) === JSON.stringify(fetched) ? known : fetched
}

/** Puts the newest page on top. Returns undefined if the page does not reach the loaded rows, which would leave a gap. */
export function withNewestPage<Row>(list: LoadedRows<Row>, page: RowsPage<Row>, rules: RowRules<Row>): LoadedRows<Row> | undefined {
  const newest = newerRows(list, page.rows, rules)
  if (list.pages === 1 || list.rows.length === 0)
    return { rows: newest, nextCursor: page.nextCursor, pages: 1 }
  const inPage = new Set(newest.map(rules.keyOf))
  const rest = list.rows.filter(row => !inPage.has(rules.keyOf(row)))
  return rest.length < list.rows.length
    ? { ...list, rows: [...newest, ...rest] }
    : undefined
}

/** Appends the page at `list.nextCursor`. */
export function withNextPage<Row>(list: LoadedRows<Row>, page: RowsPage<Row>, { keyOf }: RowRules<Row>): LoadedRows<Row> {
  const loaded = new Set(list.rows.map(keyOf))
  return { ...list, rows: [...list.rows, ...page.rows.filter(row => !loaded.has(keyOf(row)))], nextCursor: page.nextCursor }
}

/** Fetched rows, with the loaded ones where those are no older. */
export function newerRows<Row>(list: LoadedRows<Row>, fetched: readonly Row[], { keyOf, newer }: RowRules<Row>): Row[] {
  const known = new Map(list.rows.map(row => [keyOf(row), row]))
  return fetched.map((row) => {
    const before = known.get(keyOf(row))
    return before === undefined ? row : newer(before, row)
  })
}

/** How many fetched rows precede the first one that was loaded: they are new on top. */
export function newOnTop<Row>(list: LoadedRows<Row>, fetched: readonly Row[], { keyOf }: RowRules<Row>): number {
  const known = new Set(list.rows.map(keyOf))
  return Math.max(0, fetched.findIndex(row => known.has(keyOf(row))))
}
