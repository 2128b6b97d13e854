import type { System } from '../runner/with-system.ts'

/** For `unavailable`: these faults happen on the wire. */
export async function withoutWire({ wire }: System): Promise<string | null> {
  return wire ? null : 'the parts of this system reach Postgres directly: only a system that `make chaos` starts itself has a wire'
}

/** For `unavailable`: these faults come from inside a process. */
export async function withoutTampering({ tampering }: System): Promise<string | null> {
  return tampering ? null : 'the processes of this system cannot be tampered with: only a system of processes that `make chaos` starts itself allows it'
}

/** For `unavailable`: these faults need the shim for the C library. */
export async function withoutShim(system: System): Promise<string | null> {
  return system.tampering?.shimProblem ?? withoutTampering(system)
}
