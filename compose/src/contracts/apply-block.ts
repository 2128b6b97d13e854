import type { Block } from './guide.ts'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Stands for a part of a line that stays as it is, in a hunk of the guide. */
const PART = '…'

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
  const found = lines.flatMap((_, i) => old.every((pattern, n) => parts(pattern, lines[i + n]) !== undefined) ? [i] : [])
  if (found.length !== 1) {
    throw new Error(`${file} has ${found.length === 0 ? 'no such lines' : `these lines ${found.length} times`}:\n${old.join('\n')}\n`
      + `Correct the block in docs/adding-a-payment-status.md.`)
  }
  const [at] = found as [number]
  const removed: string[] = []
  let next = at
  const edited = hunk.flatMap((line) => {
    if (line.startsWith('+'))
      return [line.slice(1).replaceAll(PART, () => removed.shift() ?? '')]
    if (line.startsWith('-'))
      removed.push(...parts(line.slice(1), lines[next++])!)
    else
      return [lines[next++]!]
    return []
  })
  return [...lines.slice(0, at), ...edited, ...lines.slice(at + old.length)]
}

/** What each `…` stands for in a line that matches the pattern; undefined if the line does not match. */
function parts(pattern: string, line: string | undefined): string[] | undefined {
  const [start, ...others] = pattern.split(PART) as [string, ...string[]]
  if (line === undefined || !line.startsWith(start) || (others.length === 0 && line !== start))
    return undefined
  const found: string[] = []
  let at = start.length
  for (const [i, text] of others.entries()) {
    const end = i < others.length - 1 ? line.indexOf(text, at) : line.length - text.length
    if (end < at || !line.startsWith(text, end))
      return undefined
    found.push(line.slice(at, end))
    at = end + text.length
  }
  return found
}
