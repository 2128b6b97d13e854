import { usePreferredDark } from '@vueuse/core'

/** Switches between light and dark colours. A choice that matches the system's colour mode follows the system again. */
export function useThemeToggle() {
  const colorMode = useColorMode()
  const systemIsDark = usePreferredDark()
  const isDark = computed(() => colorMode.value === 'dark')

  function toggle(): void {
    const dark = !isDark.value
    colorMode.preference = dark === systemIsDark.value
      ? 'system'
      : dark ? 'dark' : 'light'
  }

  return { isDark, toggle }
}
