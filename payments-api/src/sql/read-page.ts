import type { Knex } from 'knex'

/** Most candidates that one page examines. Examining 1,000 takes 0.5 ms. */
export const MAX_EXAMINED = 3_000

/** A piece of SQL and the values of its placeholders. */
export interface Sql {
  sql: string
  values: unknown[]
}

/** How to read a list: walk the candidates of one index in its order, and drop those that a condition excludes. */
export interface PagePlan {
  walk: {
    /** Selects the candidates with their `id`. */
    select: string
    where: Sql[]
    /** All columns of the index, descending; with every column named, the planner can use no other index. */
    order: string
  }
  row: {
    /** Selects a row of the list from `walk` and the tables looked up for it. */
    select: string
    /** The walk's order, in the column names of this select, so that the query stops at a full page. */
    order: string
  }
  /** Conditions that the walk does not serve, applied to each candidate. */
  conditions: Sql[]
}

export interface PageRequest {
  limit: number
  /** Only rows before this id. */
  before?: string | undefined
  maxExamined?: number
}

export interface Page<Row> {
  rows: Row[]
  /** The id before which the next page begins; undefined on the last page. */
  next: string | undefined
}

/**
 * A page of a list, in descending order of ids. If the walk serves the whole filter, the page examines one candidate more than
 * it returns. Otherwise it examines at most 3,000, so a page may be short or empty and still have a next page.
 *
 * One statement, so that the rows and the start of the next page come from one snapshot.
 */
export async function readPage<Row extends { id: string }>(db: Knex, plan: PagePlan, { limit, maxExamined = MAX_EXAMINED }: PageRequest): Promise<Page<Row>> {
  const { walk, row, conditions } = plan
  const candidates = (most: number): Sql => ({
    sql: `
    with walk as materialized (
      ${walk.select}
       where ${allOf(walk.where)}
       order by ${walk.order}
       limit ?)`,
    values: [...valuesOf(walk.where), most],
  })
  const page: Sql = {
    sql: `
      ${row.select}
       where ${allOf(conditions)}
       order by ${row.order}
       limit ?`,
    values: [...valuesOf(conditions), limit + 1],
  }
  if (conditions.length === 0) {
    const rows = await select<Row>(db, [candidates(limit + 1), page])
    return pageOf(rows, limit, undefined)
  }
  const found = await select<{ id: string | null, bound: string | null }>(db, [
    candidates(maxExamined),
    { sql: `, page as materialized (${page.sql})`, values: page.values },
    {
      // Evaluated only if the walk ended before the page was full.
      sql: `, bound as (
      select case when (select count(*) from page) <= ? then (select id from walk order by id desc offset ? limit 1) end as bound)
    select page.*, bound.bound
      from bound
      left join page on true
     order by page.id desc`,
      values: [limit, maxExamined - 1],
    },
  ])
  const rows = found.filter(({ id }) => id !== null).map(({ bound: _, ...each }) => each as Row)
  return pageOf(rows, limit, found[0]?.bound ?? undefined)
}

function pageOf<Row extends { id: string }>(rows: Row[], limit: number, bound: string | undefined): Page<Row> {
  return rows.length > limit
    ? { rows: rows.slice(0, limit), next: rows[limit - 1]!.id }
    : { rows, next: bound }
}

async function select<Row>(db: Knex, parts: Sql[]): Promise<Row[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(parts.map(({ sql }) => sql).join(''), valuesOf(parts) as Knex.RawBinding[])
  return rows
}

function allOf(conditions: Sql[]): string {
  return conditions.length > 0 ? conditions.map(({ sql }) => `(${sql})`).join(' and ') : 'true'
}

function valuesOf(conditions: Sql[]): unknown[] {
  return conditions.flatMap(({ values }) => values)
}
