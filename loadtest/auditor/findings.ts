const EXAMPLES_PER_KIND = 3

/** What the audit found wrong: the number of findings of each kind, and the first examples. The same finding counts once. */
export class Findings {
  private readonly byKind = new Map<string, Set<string>>()

  add(kind: string, example: string): void {
    const examples = this.byKind.get(kind) ?? new Set()
    this.byKind.set(kind, examples.add(example))
  }

  /** The number of findings of these kinds. */
  count(...kinds: string[]): number {
    return kinds.reduce((sum, kind) => sum + (this.byKind.get(kind)?.size ?? 0), 0)
  }

  /** Every finding, by kind. */
  get all(): Record<string, string[]> {
    return Object.fromEntries([...this.byKind].map(([kind, examples]) => [kind, [...examples]]))
  }

  get lines(): string[] {
    return [...this.byKind].flatMap(([kind, examples]) => [
      `${kind}: ${examples.size}`,
      ...[...examples].slice(0, EXAMPLES_PER_KIND).map(example => `    ${example}`),
    ])
  }
}
