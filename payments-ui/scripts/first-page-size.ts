import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'

// Prints the compressed size of the JavaScript that the build's first page loads, and fails above the limit.
// Starts the build without an API: the page then shows an error, but loads the same scripts.

/** In kB of 1,000 bytes. */
const LIMIT_KB = 200
const START_TIMEOUT_MS = 30_000

const output = new URL('../.output/', import.meta.url).pathname
if (!existsSync(`${output}server/index.mjs`)) {
  console.error('No build in .output. Run npm run build first.')
  process.exit(1)
}
const port = await freePort()
const server = spawn(process.execPath, [`${output}server/index.mjs`], {
  env: { ...process.env, NITRO_HOST: '127.0.0.1', NITRO_PORT: String(port), NUXT_API_URL: 'http://127.0.0.1:9' },
  stdio: 'ignore',
})
try {
  const html = await fetchFirstPage(`http://127.0.0.1:${port}/`)
  const files = new Set(Array.from(html.matchAll(/(?:src|href)="(\/_nuxt\/[^"]+\.js)"/g), match => match[1]!))
  const kb = Array.from(files, sentBytes).reduce((sum, bytes) => sum + bytes, 0) / 1_000
  process.stdout.write(`The first page loads ${kb.toFixed(1)} kB of JavaScript (gzip) in ${files.size} files; the limit is ${LIMIT_KB} kB.\n`)
  process.exitCode = files.size > 0 && kb <= LIMIT_KB
    ? 0
    : 1
}
finally {
  server.kill()
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  return typeof address === 'object' && address
    ? address.port
    : 0
}

/** Fetches the page, retrying until the server is up. */
async function fetchFirstPage(url: string): Promise<string> {
  const deadline = AbortSignal.timeout(START_TIMEOUT_MS)
  while (true) {
    try {
      return await (await fetch(url, { signal: deadline })).text()
    }
    catch (error) {
      if (deadline.aborted || server.exitCode !== null)
        throw new Error('The build does not start. Run npm start to see why.', { cause: error })
      await delay(50)
    }
  }
}

function sentBytes(file: string): number {
  const path = `${output}public${file}`
  return statSync(existsSync(`${path}.gz`)
    ? `${path}.gz`
    : path).size // too small to be worth compressing
}
