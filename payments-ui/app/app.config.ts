export default defineAppConfig({
  ui: {
    colors: { primary: 'indigo', neutral: 'slate' },
    formField: {
      slots: { error: 'mt-1.5 text-xs first-letter:uppercase' },
      variants: {
        size: {
          md: { hint: 'text-xs' },
        },
      },
    },
    button: {
      slots: { base: 'cursor-pointer' },
      compoundVariants: [
        // One button colour for light and dark mode: white text on it has a contrast of 6:1.
        {
          color: 'primary',
          variant: 'solid',
          class: 'bg-primary-600 text-white hover:bg-primary-700 active:bg-primary-700 disabled:bg-primary-600 aria-disabled:bg-primary-600',
        },
      ],
    },
  },
})
