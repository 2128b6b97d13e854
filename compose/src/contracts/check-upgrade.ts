import type { Base } from './base.ts'
import type { Step } from './step.ts'

export async function checkUpgrade(_base: Base | undefined): Promise<Step> {
  return { name: 'NOT COMPARED', problems: [], output: '' }
}
