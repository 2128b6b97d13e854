/** The console's sections, in the order of the navigation. */
export const sections = [
  { to: '/overview', label: 'Overview', icon: 'i-lucide-activity', within: /^\/overview/ },
  { to: '/', label: 'Payments', icon: 'i-lucide-arrow-left-right', within: /^\/(?:payments(?:\/|$)|refunds\/|$)/ },
  { to: '/accounts', label: 'Accounts', icon: 'i-lucide-book-open', within: /^\/accounts(?:\/|$)/ },
  { to: '/operations', label: 'Operations', icon: 'i-lucide-cog', within: /^\/(?:operations|dead-jobs)/ },
  { to: '/map', label: 'Map', icon: 'i-lucide-workflow', within: /^\/map/ },
  { to: '/proofs', label: 'Proofs', icon: 'i-lucide-shield-check', within: /^\/proofs/ },
  { to: '/race', label: 'Race', icon: 'i-lucide-flag', within: /^\/race/ },
] as const
