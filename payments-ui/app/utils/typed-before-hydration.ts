/**
 * Returns what the user typed into the server-rendered inputs before hydration, by input name. Hydration would overwrite it
 * with the component's state. Call it in setup.
 */
export function typedBeforeHydration(): Record<string, string> {
  const rendered = getCurrentInstance()?.vnode.el as Partial<Element> | null
  return Object.fromEntries(Array.from(rendered?.querySelectorAll?.('input') ?? [])
    .filter(input => input.value !== input.defaultValue)
    .map(({ name, value }) => [name, value]))
}
