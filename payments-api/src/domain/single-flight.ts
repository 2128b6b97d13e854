/**
 * Shares one call among all who ask for the same while it is under way, so that a thousand requests for one new account
 * are not a thousand queries. Nothing is remembered after it. Source: Go's golang.org/x/sync/singleflight.
 */
export function singleFlight<Args extends string[], Result>(call: (...args: Args) => Promise<Result>): (...args: Args) => Promise<Result> {
  const underWay = new Map<string, Promise<Result>>()
  return (...args) => {
    const key = args.join(' ') // no argument that is used here can hold a space
    const shared = underWay.get(key) ?? call(...args).finally(() => underWay.delete(key))
    underWay.set(key, shared)
    return shared
  }
}
