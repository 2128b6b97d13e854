import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'

// A process may have ended, or belong to another user, whose files in /proc cannot be read.
function readOr<T>(read: () => T, fallback: T): T {
  try {
    return read()
  }
  catch {
    return fallback
  }
}
const list = (folder: string) => readOr(() => readdirSync(folder), [])
const read = (file: string) => readOr(() => readFileSync(file, 'utf8'), '')
const linkTarget = (link: string) => readOr(() => readlinkSync(link), '')

export interface PortHolder { pid: number, command: string }

/** Finds the process that listens on the port. Null without /proc, or if the process belongs to another user. */
export function portHolder(port: number): PortHolder | null {
  const sockets = new Set(listeningInodes(port).map(inode => `socket:[${inode}]`))
  if (sockets.size === 0)
    return null
  for (const pid of list('/proc').map(Number).filter(Number.isInteger)) {
    if (list(`/proc/${pid}/fd`).some(fd => sockets.has(linkTarget(`/proc/${pid}/fd/${fd}`))))
      return { pid, command: commandOf(pid) }
  }
  return null
}

/** The command line, without the program's folder, as one line of at most 60 characters. */
function commandOf(pid: number): string {
  const [program = '', ...args] = read(`/proc/${pid}/cmdline`).split('\0').filter(part => part !== '')
  return [basename(program), ...args].join(' ').replaceAll(/\s+/g, ' ').slice(0, 60) || read(`/proc/${pid}/comm`).trim()
}

/** /proc/net/tcp: `sl local_address rem_address st ... inode`, the address as hex `ADDRESS:PORT`, state 0A is LISTEN. */
function listeningInodes(port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap(file => read(file).split('\n').slice(1))
    .map(line => line.trim().split(/\s+/))
    .filter(fields => fields[1]?.endsWith(suffix) && fields[3] === '0A')
    .map(fields => fields[9]!)
}
