import { Refusal } from '../refusal.ts'

/** What Docker prints, and what it means to the user. The first entry that matches a line wins. */
const KNOWN: [said: RegExp, meaning: (match: RegExpMatchArray) => string][] = [
  [
    /no space left on device|ENOSPC/i,
    () => 'the disk of the Docker engine is full: docker system df shows what takes it, docker system prune frees it',
  ],
  [
    /permission denied while trying to connect to the Docker/i,
    () => 'you may not use the Docker engine: sudo usermod -aG docker $USER, then log in again; or MODE=embedded',
  ],
  [
    /Cannot connect to the Docker daemon|error during connect/i,
    () => 'the Docker engine does not answer any more: start it, then make up; or MODE=embedded',
  ],
  [
    /(?:port is already allocated|address already in use)/i,
    () => 'a port was taken by somebody else meanwhile: make up again says by whom',
  ],
  [
    /unknown (?:shorthand )?flag.*detach/,
    () => 'the docker command is too old for a swarm: version 26 or newer is needed, https://docs.docker.com/engine/install',
  ],
  [
    /only updates to Labels are allowed/,
    () => 'the swarm has other passwords than this clone: deploy from the one that made the stack, or copy its DATA_DIR/swarm here',
  ],
  [
    // BuildKit could not get an image from its registry.
    /"https?:\/\/(?:registry-1\.docker\.io|([^/"]+))\/v2\/(?:library\/)?([^"]+)\/manifests\/([^"]+)"/,
    ([, host, name, tag]) => noImage(`${host ? `${host}/` : ''}${name}:${tag}`),
  ],
  [
    // The build step that failed for that reason.
    /^ > \[.* load metadata for (?:docker\.io\/library\/)?(\S+?):?$/,
    ([, image]) => noImage(image!),
  ],
  [
    /(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)/,
    match => `the npm registry cannot be reached from a container (${match[1]}): is there a network? MODE=embedded make up needs no container`,
  ],
]

function noImage(image: string): string {
  return `the base image ${image} cannot be had: is there a network? docker pull ${image} shows more; MODE=embedded make up needs no image`
}

/** The Refusal for a docker command that failed: its meaning if KNOWN lists it, else its last lines. */
export function explainDocker(args: string[], how: string, lines: string[]): Refusal {
  for (const line of lines) {
    for (const [said, meaning] of KNOWN) {
      const match = said.exec(line)
      if (match)
        return new Refusal(meaning(match))
    }
  }
  const shown = args.slice(0, 6).filter(arg => !arg.includes('\n')) // leaves out a whole program given to --eval
  return new Refusal(`docker ${shown.join(' ')} failed: ${how}`, lines.slice(-20))
}
