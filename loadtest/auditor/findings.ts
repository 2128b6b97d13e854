const EXAMPLES_PER_KIND = 3

/** What the audit found wrong: the number of findings of each kind, and the first examples. */
export class Findings {
  private readonly byKind = new Map<string, { count: number, examples: string[] }>()

  add(kind: string, example: string): void {
    const found = this.byKind.get(kind) ?? { count: 0, examples: [] }
    found.count++
    if (found.examples.length < EXAMPLES_PER_KIND)
      found.examples.push(example)
    this.byKind.set(kind, found)
  }

  get lines(): string[] {
    return [...this.byKind].flatMap(([kind, { count, examples }]) => [
      `${kind}: ${count}`,
      ...examples.map(example => `    ${example}`),
    ])
  }
}
