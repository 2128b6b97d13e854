import type { Progress } from './stack.ts'
import { duration } from './verb.ts'

/** A terminal has one line that changes every second. Elsewhere, each sign of life is a new line: 40 in the longest build. */
const EVERY_MS = { terminal: 1_000, elsewhere: 30_000 }
const WIDTH = 100

interface Output { isTTY?: boolean, columns?: number, write: (text: string) => unknown }

/**
 * Prints each step of a start: a line when it ends, one when it begins if it has a detail, and in between signs of life with
 * the elapsed time and the current detail. `end` must be called, since a timer runs until then.
 */
export function showProgress(out: Output = process.stdout, everyMs = out.isTTY ? EVERY_MS.terminal : EVERY_MS.elsewhere): { progress: Progress, end: () => void } {
  const running = new Map<string, { startedAt: number, detail: string }>()
  const clear = () => out.isTTY && out.write('\r\u001B[K')
  const write = (line: string) => out.write(out.isTTY ? `\r\u001B[K${line.slice(0, (out.columns ?? WIDTH) - 1)}` : `${line.slice(0, WIDTH)}\n`)
  const line = (name: string, time: string, detail = '') => `  ${name.padEnd(15)} ${time.padStart(8)}  ${detail}`.trimEnd()

  const showOldest = () => {
    const [oldest] = running
    if (oldest)
      write(line(oldest[0], duration(Date.now() - oldest[1].startedAt), `so far${oldest[1].detail && `: ${oldest[1].detail}`}`))
  }
  const timer = setInterval(showOldest, everyMs)

  return {
    progress: ({ name, tookMs, detail = '' }) => {
      if (tookMs !== null) {
        running.delete(name)
        clear()
        out.write(`${line(name, duration(tookMs))}\n`)
        return
      }
      const known = running.get(name)
      running.set(name, { startedAt: known?.startedAt ?? Date.now(), detail })
      if (known)
        return
      if (out.isTTY)
        showOldest()
      else if (detail)
        write(line(name, '...', detail))
    },
    end: () => {
      clearInterval(timer)
      clear()
    },
  }
}
