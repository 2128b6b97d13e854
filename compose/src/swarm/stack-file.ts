import { z } from 'zod'

// `docker compose config` prints null where the image's value applies.
const words = z.array(z.string()).nullish().transform(words => words ?? undefined)
const limits = z.looseObject({ cpus: z.number().transform(String).optional() })

// The fields of `docker compose config --format json` that `docker stack deploy` reads differently or rejects. A stack has
// no start order, takes its restart policy from `deploy` only, and cannot set no-new-privileges: an engine can, for all
// of its containers (`no-new-privileges` in its daemon.json).
const service = z.looseObject({
  image: z.string(),
  command: words,
  entrypoint: words,
  tmpfs: z.array(z.string()).default([]),
  shm_size: z.coerce.number().optional(),
  volumes: z.array(z.unknown()).default([]),
  ports: z.array(z.looseObject({ published: z.coerce.number() })).optional(),
  deploy: z.looseObject({ resources: z.looseObject({ limits }) }),
}).transform(({ build, develop, pull_policy, depends_on, restart, security_opt, tmpfs, shm_size, ...service }) => ({
  ...service,
  volumes: [
    ...service.volumes,
    ...tmpfs.map(target => ({ type: 'tmpfs', target })),
    ...shm_size === undefined ? [] : [{ type: 'tmpfs', target: '/dev/shm', tmpfs: { size: shm_size } }],
  ],
}))

const composeConfig = z.object({
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.unknown()),
  volumes: z.record(z.string(), z.unknown()),
  secrets: z.record(z.string(), z.unknown()),
})

/** The input of `docker stack deploy`. */
export interface StackFile extends Omit<z.output<typeof composeConfig>, 'services'> {
  version: string
  services: Record<string, z.output<typeof service>>
}

/** Converts the output of `docker compose config --format json` into a stack file. */
export function stackFile(config: string): StackFile {
  return { version: '3.13', ...composeConfig.parse(JSON.parse(config)) }
}
