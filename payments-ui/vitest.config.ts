import { defineVitestProject } from '@nuxt/test-utils/config'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      // Plain functions and the server's modules, in Node.
      {
        test: {
          name: 'node',
          include: ['test/{unit,server}/**/*.test.ts'],
          environment: 'node',
        },
      },
      // Pages and components, in a Nuxt app with a DOM.
      await defineVitestProject({
        test: {
          name: 'nuxt',
          include: ['test/nuxt/**/*.test.ts'],
          environment: 'nuxt',
          env: { TZ: 'UTC' }, // pages show times in the reader's zone
          testTimeout: 30_000,
        },
      }),
    ],
  },
})
