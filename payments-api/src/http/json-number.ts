/** A number of a JSON text as it was written, so that no digit is lost. */
export class JsonNumber {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
}
