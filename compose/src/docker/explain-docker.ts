import { Refusal } from '../refusal.ts'

/** What Docker prints, and what that means to the user. The first entry that matches a line wins. */
const KNOWN: [printed: RegExp, meaning: (match: RegExpMatchArray) => string][] = [
  [
    /no space left on device|ENOSPC/i,
    () => 'The disk of the Docker engine is full. `docker system df` shows what fills it, `docker system prune` frees space.',
  ],
  [
    /permission denied while trying to connect to the Docker/i,
    () => 'Your user may not use the Docker engine. Run `sudo usermod -aG docker $USER` and log in again. Without Docker: `make up MODE=embedded`.',
  ],
  [
    /Cannot connect to the Docker daemon|error during connect/i,
    () => 'The Docker engine stopped responding. Start it, then run `make up`. Without Docker: `make up MODE=embedded`.',
  ],
  [
    /(?:port is already allocated|address already in use)/i,
    () => 'Another process took a port during the start. Run `make up` again to see which process.',
  ],
  [
    /unknown (?:shorthand )?flag.*detach/,
    () => 'The docker command is too old for a swarm. Install version 26 or newer: https://docs.docker.com/engine/install.',
  ],
  [
    /only updates to Labels are allowed/,
    () => 'The passwords of the swarm differ from those of this clone. Deploy from the clone that created the stack, or copy its DATA_DIR/swarm here.',
  ],
  [
    // BuildKit could not get an image from its registry.
    /"https?:\/\/(?:registry-1\.docker\.io|([^/"]+))\/v2\/(?:library\/)?([^"]+)\/manifests\/([^"]+)"/,
    ([, host, name, tag]) => noImage(`${host ? `${host}/` : ''}${name}:${tag}`),
  ],
  [
    // The build step that failed because of that.
    /^ > \[.* load metadata for (?:docker\.io\/library\/)?(\S+?):?$/,
    ([, image]) => noImage(image!),
  ],
  [
    /(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)/,
    match => `A container could not reach the npm registry (${match[1]}). Check the network. Without containers: \`make up MODE=embedded\`.`,
  ],
]

function noImage(image: string): string {
  return `The base image ${image} could not be downloaded. Check the network; \`docker pull ${image}\` shows more. Without images: \`make up MODE=embedded\`.`
}

/** The Refusal for a docker command that failed: its meaning if KNOWN lists it, else its last lines. */
export function explainDocker(args: string[], how: string, lines: string[]): Refusal {
  for (const line of lines) {
    for (const [printed, meaning] of KNOWN) {
      const match = printed.exec(line)
      if (match)
        return new Refusal(meaning(match))
    }
  }
  const shown = args.slice(0, 6).filter(arg => !arg.includes('\n')) // leaves out a whole program given to --eval
  return new Refusal(`docker ${shown.join(' ')} failed: ${how}`, lines.slice(-20))
}
