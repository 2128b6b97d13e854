export interface RequestOrigin {
  secFetchSite?: string
  origin?: string
  host?: string
}

/**
 * Whether a browser sent this request for another site. Browsers send `Sec-Fetch-Site` to secure origins only; without it,
 * Origin must name our host. A client that sends neither is not a browser, so no user can be tricked into the request.
 * Another port or subdomain ("same-site") counts as another site.
 */
export function isCrossSite({ secFetchSite, origin, host }: RequestOrigin): boolean {
  if (secFetchSite !== undefined)
    return secFetchSite !== 'same-origin' && secFetchSite !== 'none'
  if (origin === undefined)
    return false
  if (!URL.canParse(origin) || !/^[\w.:[\]-]+$/.test(host ?? ''))
    return true
  const { protocol, host: originHost } = new URL(origin)
  const own = `${protocol}//${host}` // URL drops the scheme's default port, which some proxies add to Host
  return !URL.canParse(own) || new URL(own).host !== originHost
}
