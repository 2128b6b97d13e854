export interface RequestOrigin {
  secFetchSite?: string
  origin?: string
  host?: string
}

/**
 * Whether a browser sent this request on behalf of another site. `Sec-Fetch-Site` tells where browsers send it, which they
 * do on secure origins only; elsewhere Origin has to name our own host. What sends neither is not a browser, and so
 * carries nobody's authority. Another port or subdomain ("same-site") is another site here.
 */
export function isCrossSite({ secFetchSite, origin, host }: RequestOrigin): boolean {
  if (secFetchSite !== undefined)
    return secFetchSite !== 'same-origin' && secFetchSite !== 'none'
  if (origin === undefined)
    return false
  return !URL.canParse(origin) || new URL(origin).host !== host?.toLowerCase()
}
