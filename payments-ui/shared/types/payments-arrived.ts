/** The data of `event: arrived` on the event stream: payments were accepted. */
export interface PaymentsArrived {
  /** The accounts of these payments. Missing if they are many or not known: then it can be any account. */
  accountIds?: string[]
}
