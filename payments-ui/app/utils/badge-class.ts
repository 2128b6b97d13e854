export type BadgeColor = 'neutral' | 'success' | 'warning' | 'error'

const BASE = 'inline-flex items-center gap-1 rounded-md px-2 py-0.5 text-xs font-medium whitespace-nowrap'
const COLORS: Record<BadgeColor, string> = {
  neutral: 'bg-elevated text-default',
  success: 'bg-success/10 text-success',
  warning: 'bg-warning/10 text-warning',
  error: 'bg-error/10 text-error',
}

/** What makes a span a badge, small and quiet enough for a row of a dense table. Rows come by the hundred: a component of @nuxt/ui for each is dear. */
export function badgeClass(color: BadgeColor): string {
  return `${BASE} ${COLORS[color]}`
}
