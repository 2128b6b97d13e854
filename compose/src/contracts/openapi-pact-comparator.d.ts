// Only bundlers can resolve the types that the package ships.
declare module '@pactflow/openapi-pact-comparator' {
  export interface Result {
    code: string
    message: string
    mockDetails?: { interactionDescription: string }
  }
  export class Comparator {
    constructor(options: { oas: unknown })
    compare(pact: unknown): AsyncGenerator<Result>
  }
}
