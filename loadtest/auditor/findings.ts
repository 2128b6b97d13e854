const EXAMPLES = 3

/** What is wrong, in words: the first of each kind, and how many there are of it. */
export class Findings {
  private readonly byKind = new Map<string, { count: number, examples: string[] }>()

  add(kind: string, example: string): void {
    const found = this.byKind.get(kind) ?? { count: 0, examples: [] }
    found.count++
    if (found.examples.length < EXAMPLES)
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
