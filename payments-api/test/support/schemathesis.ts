import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const VERSION = '4.32.5'
const INSTALL_DEADLINE_MS = 240_000
const run = promisify(execFile)
const FOLDER = join(import.meta.dirname, `../../.tools/schemathesis-${VERSION}`)
const PROGRAM = join(FOLDER, 'bin/schemathesis')

/** Installs Schemathesis into .tools, once. Returns its path, or why it is unavailable. */
export async function findSchemathesis(): Promise<{ program: string } | { missing: string }> {
  if (existsSync(PROGRAM))
    return { program: PROGRAM }
  try {
    await run('python3', ['-m', 'venv', FOLDER], { timeout: INSTALL_DEADLINE_MS })
    await run(join(FOLDER, 'bin/pip'), ['install', '--quiet', `schemathesis==${VERSION}`], { timeout: INSTALL_DEADLINE_MS })
    return { program: PROGRAM }
  }
  catch (error) {
    await rm(FOLDER, { recursive: true, force: true }) // the next run tries again
    return { missing: `python3 cannot install schemathesis ${VERSION}: ${String(error).split('\n')[0]}` }
  }
}

/** Runs Schemathesis in a separate folder and returns its exit code (0: no finding) and its whole output. */
export async function runSchemathesis(program: string, args: string[], { folder, deadlineMs }: { folder: string, deadlineMs: number }): Promise<{ code: number | null, output: string }> {
  const child = spawn(program, ['run', ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1', COLUMNS: '200' } })
  const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => output += String(chunk))
  const [code] = await once(child, 'close') as [number | null]
  clearTimeout(timer)
  return { code, output: code === null ? `${output}\nended after ${deadlineMs} ms` : output }
}
