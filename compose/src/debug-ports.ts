import { APIS, WORKERS } from './connection-budget.ts'

/** How many debugger ports a stack may use, from DEBUG_PORT on: one for each API, the console and each worker. */
export const DEBUG_PORTS = APIS.max + 1 + WORKERS.max

/**
 * The debugger port of a part in a stack in development form: with the default DEBUG_PORT=9229, `api` has 9229, `ui` 9233,
 * `worker-1` 9234. Null for a part that Node does not run.
 */
export function debugPort(first: number, part: string): number | null {
  const [, kind, number] = /^(api|ui|worker)(?:-(\d+))?$/.exec(part) ?? []
  const index = number === undefined ? 0 : Number(number) - 1
  return kind === 'api' ? first + index : kind === 'ui' ? first + APIS.max : kind === 'worker' ? first + APIS.max + 1 + index : null
}
