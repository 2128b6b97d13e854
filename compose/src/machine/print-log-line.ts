import type { LogLine } from '../stack.ts'
import { styleText } from 'node:util'
import { readable } from './log-line.ts'

const COLOURS = ['cyan', 'yellow', 'green', 'magenta', 'blue', 'red'] as const

/** Prints a line of a part's log after the part's name, in one colour per part on a terminal. */
export function printLogLine({ part, text }: LogLine): void {
  for (const line of readable(text).split('\n'))
    console.log(`${prefix(part)} ${line}`)
}

function prefix(part: string): string {
  const text = `${part.padEnd(10)} |`
  const sum = [...part].reduce((sum, letter) => sum + letter.charCodeAt(0), 0)
  return styleText(COLOURS[sum % COLOURS.length]!, text)
}
