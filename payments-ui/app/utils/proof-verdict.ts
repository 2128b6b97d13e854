import type { Proofs } from '#shared/types/proofs'

export interface ProofVerdict {
  tone: 'success' | 'error' | 'warning' | 'neutral'
  title: string
}

/** Sums up the proofs in one line. Claims that all hold only if every one was checked and holds. */
export function proofVerdict({ state, failed, proofs }: Pick<Proofs, 'state' | 'failed' | 'proofs'>): ProofVerdict {
  const count = (wanted: string) => proofs.filter(proof => proof.state === wanted).length
  const [holds, broken, unfinished] = [count('holds'), count('broken'), count('unfinished')]
  const all = proofs.length
  if (broken > 0)
    return { tone: 'error', title: `${broken} of ${all} invariants ${broken === 1 ? 'is' : 'are'} broken` }
  if (state === 'running')
    return { tone: 'neutral', title: `Checking ${all} invariants` }
  if (failed)
    return { tone: 'warning', title: 'The last check broke off' }
  if (unfinished > 0)
    return { tone: 'warning', title: `${holds} of ${all} invariants hold; ${unfinished} took too long to check` }
  return holds === all && all > 0
    ? { tone: 'success', title: `All ${all} invariants hold` }
    : { tone: 'neutral', title: `${all} invariants, not checked yet` }
}
