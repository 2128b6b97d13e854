import type { Config } from '../../compose/src/config.ts'
import type { ChaosSystem } from '../runner/chaos-system.ts'
import type { ChaosSettings } from './chaos-settings.ts'
import { disconnect } from '../../compose/src/machine/connect.ts'
import { stacks } from '../../compose/src/open-stack.ts'
import { Refusal } from '../../compose/src/refusal.ts'
import { chaosSystem } from '../runner/chaos-system.ts'
import { connectSystem } from '../runner/with-system.ts'

/** Starts a system to break, or connects to the one that SYSTEM names, which remove() leaves running. */
export async function openSystem(config: Config, { mode, system: dataDir }: ChaosSettings, signal: AbortSignal): Promise<ChaosSystem> {
  if (dataDir === undefined)
    return chaosSystem(config, mode, signal)
  const stack = stacks({ ...config, dataDir })[mode]
  if ((await stack.parts()).length === 0)
    throw new Refusal(`No system runs in SYSTEM=${dataDir} with MODE=${mode}. Start it with \`make up DATA_DIR=${dataDir}\`, or leave SYSTEM out.`)
  const system = await connectSystem(stack, `the system in ${dataDir}`)
  return {
    ...system,
    // A second API process has another address after each start.
    apis: [new URL(stack.endpoints().api).origin.replace('//localhost', '//127.0.0.1')],
    remove: () => disconnect(system.database),
  }
}
