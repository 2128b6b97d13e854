import antfu from '@antfu/eslint-config'

// One linter and formatter for every part of the tree; `npm run lint:fix` formats.
export default antfu({
  type: 'app',
  vue: true,
  typescript: true,
  ignores: ['contracts/pacts/**', 'contracts/openapi.json', '**/*.md'],
  // What fits on a line may stand on one.
  rules: { 'antfu/reasonable-newline': 'off' },
}, {
  // These parts run on Node itself: with types at hand the linter finds a promise that nobody awaits.
  files: ['{payments-api,recon-worker,compose,loadtest}/**/*.ts'],
  languageOptions: {
    parserOptions: { projectService: true },
  },
  rules: {
    'ts/no-floating-promises': 'error',
    'ts/no-misused-promises': [
      'error',
      { checksVoidReturn: false },
    ],
    'node/prefer-global/process': 'off',
    'node/prefer-global/buffer': 'off',
    'no-console': 'off',
    'antfu/no-top-level-await': 'off',
    'test/prefer-lowercase-title': 'off',
    'regexp/use-ignore-case': 'off', // patterns are published in OpenAPI, which has no flags
  },
})
