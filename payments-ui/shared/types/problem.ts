export interface FieldError {
  /** JSON pointer into the request's body as a URI fragment, such as "#/amount". */
  pointer?: string
  /** A parameter of the path or the query, where the error is there. */
  parameter?: string
  detail: string
}

/** RFC 9457 problem details, as the API and this server answer them. */
export interface Problem {
  /** Stable: code switches on it. */
  type: string
  title: string
  status: number
  detail?: string
  /** The id under which the request is in the logs. */
  instance?: string
  errors?: FieldError[]
}
