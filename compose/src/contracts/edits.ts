import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Replaces each occurrence of a text or pattern in a file of the tree. */
export type Edit = [file: string, was: string | RegExp, is: string]

/** Applies these edits to a tree. Throws if one changes nothing, since a drill would then prove nothing. */
export function applyEdits(tree: string, list: readonly Edit[]): void {
  for (const [file, was, is] of list) {
    const path = join(tree, file)
    const text = readFileSync(path, 'utf8')
    const edited = text.replaceAll(typeof was === 'string' ? was : new RegExp(was, 'gm'), is)
    if (edited === text)
      throw new Error(`${file} does not contain ${String(was)}: update the drill that edits it to the changed code`)
    writeFileSync(path, edited)
  }
}

/** Returns the function that applies these edits to a tree. */
export function edits(...list: Edit[]): (tree: string) => void {
  return tree => applyEdits(tree, list)
}
