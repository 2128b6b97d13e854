export type BadgeColor = 'neutral' | 'success' | 'warning' | 'error'

const BASE = 'inline-flex items-center gap-1 rounded-md px-2 py-0.5 text-xs font-medium whitespace-nowrap'
const COLORS: Record<BadgeColor, string> = {
  neutral: 'bg-elevated text-default',
  success: 'bg-success/10 text-success',
  warning: 'bg-warning/10 text-warning',
  error: 'bg-error/10 text-error',
}

/** Classes that turn a span into a small badge for dense tables. An @nuxt/ui component is too expensive for hundreds of rows. */
export function badgeClass(color: BadgeColor): string {
  return `${BASE} ${COLORS[color]}`
}
