export interface FieldError {
  /** A JSON pointer into the request's body, as a URI fragment: "#/amount". */
  pointer?: string
  /** The path or query parameter that is wrong. */
  parameter?: string
  detail: string
}

/** RFC 9457 problem details, as the API and this server return them. */
export interface Problem {
  /** Stable, because code switches on it. */
  type: string
  title: string
  status: number
  detail?: string
  /** The request's id in the logs. */
  instance?: string
  errors?: FieldError[]
  /** What is left of the payment, as a decimal string: only in problems with refunds. */
  left?: string
}
