import { existsSync, statSync } from 'node:fs'
import process from 'node:process'

// Prints how much JavaScript the first page loads, compressed as it is sent, and fails above the limit.
// The build must be there and the console must run: node scripts/first-page-size.ts [http://localhost:3000/]

/** Kilobytes of 1,000 bytes. */
const LIMIT_KB = 200

const url = process.argv[2] ?? 'http://localhost:3000/'
const html = await (await fetch(url, { signal: AbortSignal.timeout(10_000) })).text()
const files = new Set(Array.from(html.matchAll(/(?:src|href)="(\/_nuxt\/[^"]+\.js)"/g), match => match[1]!))
const bytes = Array.from(files, (file) => {
  const path = new URL(`../.output/public${file}`, import.meta.url).pathname
  return statSync(existsSync(`${path}.gz`)
    ? `${path}.gz`
    : path).size // too small to be worth compressing
})
const kb = bytes.reduce((sum, size) => sum + size, 0) / 1_000
process.stdout.write(`${url} loads ${kb.toFixed(1)} kB of JavaScript (gzip) in ${files.size} files; the limit is ${LIMIT_KB} kB.\n`)
process.exitCode = files.size > 0 && kb <= LIMIT_KB
  ? 0
  : 1
