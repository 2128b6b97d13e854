/** What the network does to the connections between our parts and Postgres while a fault lasts. */
export interface Conditions {
  /** Delay of each packet, in each direction. */
  latencyMs?: number
  /** Additional delay, from 0 to this, for each packet. The order of the bytes stays. */
  jitterMs?: number
  /** Bandwidth of each connection, in each direction. */
  bytesPerSecond?: number
  /** Bytes disappear in both directions without a reset. Connections stay open, also afterwards, but stay dead; new ones hang. */
  dropsBytes?: boolean
  /** New connections are refused, and open ones are reset. */
  refuses?: boolean
  /** Connections that listen receive no more notifications, also afterwards once they missed one. Their other traffic passes. */
  dropsNotifications?: boolean
}

/** Cuts connections after Postgres has committed and before the client learns of it. */
export interface CommitCuts {
  /** The login whose commits are counted. */
  login: 'payments_api' | 'payments_worker'
  /** How many commits pass first. */
  skip: number
  /** How many of the next commits are cut. */
  count: number
}

export interface WireStatus {
  /** Open connections of clients. */
  connections: number
  /** Commits whose responses were cut off, since the wire started. */
  cutCommits: number
  /** Notifications that were dropped, since the wire started. */
  droppedNotifications: number
}

/** A TCP proxy between our parts and Postgres that reads just enough of the protocol to cut a connection at a commit. */
export interface Wire {
  /** Imposes conditions under a fault's name, in addition to those of other faults. */
  impose: (fault: string, conditions: Conditions) => Promise<void>
  cutCommits: (fault: string, cuts: CommitCuts) => Promise<void>
  /** Lifts the conditions and the remaining cuts of a fault; does nothing if it has none. */
  lift: (fault: string) => Promise<void>
  /** Resets every open connection (RST). */
  resetAll: () => Promise<void>
  status: () => Promise<WireStatus>
}
