/** Whether the palette is open, for its key, its button and itself. */
export function useCommandPalette() {
  return useState('palette-open', () => false)
}
