import type { Block } from './guide.ts'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Stands for the rest of a line, in a hunk of the guide. */
const REST = '…'

/** Applies a block of the guide to a tree. Throws an Error that names the file and the lines if they are not there exactly once. */
export function applyBlock(tree: string, { file, text, hunks = [] }: Block): void {
  const path = join(tree, file)
  if (text !== undefined) {
    if (existsSync(path))
      throw new Error(`${file} exists already`)
    writeFileSync(path, text)
    return
  }
  writeFileSync(path, hunks.reduce((lines, hunk) => applyHunk(file, lines, hunk), readFileSync(path, 'utf8').split('\n')).join('\n'))
}

function applyHunk(file: string, lines: string[], hunk: string[]): string[] {
  const old = hunk.filter(line => !line.startsWith('+')).map(line => line.slice(1))
  const found = lines.flatMap((_, i) => old.every((pattern, n) => rest(pattern, lines[i + n]) !== undefined) ? [i] : [])
  if (found.length !== 1) {
    throw new Error(`${file} has ${found.length === 0 ? 'no such lines' : `these lines ${found.length} times`}:\n${old.join('\n')}\n`
      + `Correct the block in docs/adding-a-payment-status.md.`)
  }
  const [at] = found as [number]
  const removed: string[] = []
  let next = at
  const edited = hunk.flatMap((line) => {
    if (line.startsWith('+'))
      return [line.slice(1).replace(REST, () => removed.shift() ?? '')]
    if (line.startsWith('-'))
      removed.push(rest(line.slice(1), lines[next++])!)
    else
      return [lines[next++]!]
    return []
  })
  return [...lines.slice(0, at), ...edited, ...lines.slice(at + old.length)]
}

/** What stands for `…` in a line that matches the pattern; '' for a pattern without it, undefined if the line does not match. */
function rest(pattern: string, line: string | undefined): string | undefined {
  if (!pattern.endsWith(REST))
    return line === pattern ? '' : undefined
  const start = pattern.slice(0, -REST.length)
  return line?.startsWith(start) ? line.slice(start.length) : undefined
}
