import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { docker, lines, QUICK_TIMEOUT_MS } from '../docker/docker.ts'
import { checkEngine } from '../docker/engine.ts'
import { Refusal } from '../refusal.ts'

const CHANGE_TIMEOUT_MS = 30_000
const POLL_MS = 200

/** Node label: `make swarm-up` created this swarm, so `make swarm-down` ends it. */
const MADE_HERE = 'payments-made-swarm'
/** Node label: Postgres keeps its volume on this node. See swarm/swarm.yaml. */
const HAS_DATA = 'payments-postgres'

const swarmInfo = z.object({
  LocalNodeState: z.enum(['inactive', 'pending', 'active', 'error', 'locked']),
  ControlAvailable: z.boolean(),
  NodeID: z.string(),
})
const nodes = z.array(z.object({ ID: z.string(), Spec: z.object({ Labels: z.record(z.string(), z.string()) }) }))

/** The Docker Swarm that this machine's engine manages. */
export class Swarm {
  private readonly env: NodeJS.ProcessEnv

  constructor(env: NodeJS.ProcessEnv) {
    this.env = env
  }

  /** Whether the engine is in a swarm. Throws a Refusal when no engine responds, or when it is in a swarm that it does not manage. */
  async exists(): Promise<boolean> {
    const { problem, remedy } = checkEngine(this.env)
    if (problem !== null)
      throw new Refusal(`${problem}. ${remedy} \`make up\` needs no Docker.`)
    const { LocalNodeState, ControlAvailable } = await this.info()
    if (LocalNodeState === 'inactive')
      return false
    if (LocalNodeState === 'locked')
      throw new Refusal('The swarm of this engine is locked. Unlock it with `docker swarm unlock`.')
    if (LocalNodeState !== 'active')
      throw new Refusal(`This engine has not joined its swarm (${LocalNodeState}). \`docker info\` says why; \`docker swarm leave --force\` leaves the swarm.`)
    if (!ControlAvailable)
      throw new Refusal('This engine is a worker of its swarm, and only a manager can deploy. Run this on a manager, or promote this node there with `docker node promote`.')
    return true
  }

  /** Creates a swarm of this machine alone. Its management ports listen on loopback only. */
  async make(): Promise<void> {
    await this.run(['swarm', 'init', '--advertise-addr', '127.0.0.1', '--listen-addr', '127.0.0.1:2377'], CHANGE_TIMEOUT_MS)
    await this.label(await this.self(), MADE_HERE)
  }

  /** Assigns Postgres to this node, unless another one has its data already. Returns the number of nodes. */
  async prepareNodes(): Promise<number> {
    const found = await this.nodes()
    if (!found.some(({ Spec }) => Spec.Labels[HAS_DATA] === 'true'))
      await this.label(await this.self(), HAS_DATA)
    return found.length
  }

  /** Ends the swarm if `make` created it and nothing else runs in it. Returns false if the swarm is kept. */
  async leaveIfMade(): Promise<boolean> {
    const [node, ...others] = await this.nodes()
    if (node?.Spec.Labels[MADE_HERE] !== 'true' || others.length > 0 || await this.run(['service', 'ls', '--quiet']) !== '')
      return false
    await this.run(['swarm', 'leave', '--force'], CHANGE_TIMEOUT_MS)
    // Leaving keeps the bridge between the swarm and the machine, which the engine recreates when it needs one. The removal
    // fails if a container still uses the bridge.
    await this.run(['network', 'rm', 'docker_gwbridge']).catch(() => {})
    return true
  }

  /** Runs a docker command that takes milliseconds and returns its stdout. */
  run(args: string[], timeoutMs = QUICK_TIMEOUT_MS): Promise<string> {
    return docker(args, { env: this.env, timeoutMs })
  }

  /** Waits until `docker` with these arguments prints nothing. Throws a Refusal with the remaining output at the deadline. */
  async untilNone(args: string[], timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs
    for (let left = await this.run(args); left !== ''; left = await this.run(args)) {
      if (Date.now() > deadline)
        throw new Refusal(`Timed out after ${timeoutMs / 1000} s, waiting for these to be removed:`, lines(left))
      await delay(POLL_MS)
    }
  }

  private async info() {
    return swarmInfo.parse(JSON.parse(await this.run(['info', '--format', '{{json .Swarm}}'])))
  }

  private async self(): Promise<string> {
    return (await this.info()).NodeID
  }

  private async nodes() {
    const ids = lines(await this.run(['node', 'ls', '--quiet']))
    return nodes.parse(JSON.parse(await this.run(['node', 'inspect', ...ids])))
  }

  private label(node: string, label: string): Promise<string> {
    return this.run(['node', 'update', '--label-add', `${label}=true`, node])
  }
}
