/** A number of a JSON text, as it was written there: no digit is lost, unlike with a JavaScript number. */
export class JsonNumber {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
}
