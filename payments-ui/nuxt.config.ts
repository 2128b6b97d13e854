export default defineNuxtConfig({
  modules: [
    '@nuxt/ui',
    'nuxt-security',
    // An icon of @nuxt/icon calls onServerPrefetch, and takes a place in the numbers of useId by that. Nuxt leaves the call
    // out of the browser's build, where the ids of what comes after an icon would then be others than the server's.
    (_options, nuxt) => {
      const { client } = nuxt.options.optimization.treeShake.composables
      client.vue = client.vue?.filter(name => name !== 'onServerPrefetch') ?? []
    },
  ],
  compatibilityDate: '2026-11-01',
  // A component's name is its file's, whichever folder holds it.
  components: [{ path: '~/components', pathPrefix: false }],
  css: ['~/assets/css/main.css'],
  app: {
    head: {
      htmlAttrs: { lang: 'en' },
      title: 'Payments console',
      meta: [
        { name: 'description', content: 'Make payments, watch them settle, read balances.' },
      ],
      link: [
        { rel: 'icon', type: 'image/svg+xml', href: '/favicon.svg' },
      ],
    },
  },
  runtimeConfig: {
    // NUXT_API_URL. Private: only the Nitro server talks to the API, the browser never learns where it is.
    apiUrl: 'http://127.0.0.1:3001',
  },
  experimental: {
    defaults: {
      // A page's scripts are loaded while the pointer or the focus is on a link to it, and not with every page that has one.
      nuxtLink: { prefetchOn: { interaction: true, visibility: false } },
    },
  },
  hooks: {
    // What only another page or a click needs is loaded then.
    'build:manifest': (manifest) => {
      for (const file of Object.values(manifest))
        file.prefetch = false
    },
  },
  nitro: {
    compressPublicAssets: { gzip: true, brotli: true },
  },
  security: {
    strict: true,
    headers: {
      contentSecurityPolicy: {
        'default-src': ['\'none\''],
        'script-src': ['\'nonce-{{nonce}}\'', '\'strict-dynamic\''],
        // @nuxt/ui and the chart set styles from script, which no nonce reaches.
        'style-src': ['\'self\'', '\'unsafe-inline\''],
        'img-src': ['\'self\'', 'data:'],
        'font-src': ['\'self\''],
        'connect-src': ['\'self\''],
        'manifest-src': ['\'self\''],
        'script-src-attr': ['\'none\''],
        'base-uri': ['\'none\''],
        'form-action': ['\'self\''],
        'frame-ancestors': ['\'none\''],
        'object-src': ['\'none\''],
        // Whether there is TLS is for what stands before this server to say, and so is Strict-Transport-Security.
        'upgrade-insecure-requests': false,
      },
      strictTransportSecurity: false,
      xFrameOptions: 'DENY',
      referrerPolicy: 'no-referrer',
      permissionsPolicy: { 'web-share': false }, // Chromium warns that it does not know it
    },
    // Ours, in server/: bodies are bounded and cross-site requests refused with problems that the page can read.
    requestSizeLimiter: false,
    xssValidator: false,
    rateLimiter: false,
    corsHandler: false,
    // The server's log lines go through the console.
    removeLoggers: false,
  },
  // Nothing is fetched from elsewhere, neither by the build nor by the page: the font and the icons are in the bundle.
  telemetry: { enabled: false },
  devtools: { enabled: false },
  ui: {
    fonts: false,
    experimental: { componentDetection: true },
  },
  icon: {
    mode: 'svg',
    provider: 'none',
    fallbackToApi: false,
    clientBundle: {
      scan: {
        globInclude: ['app/**/*.{vue,ts}'],
      },
    },
  },
  typescript: {
    strict: true,
    tsConfig: {
      include: ['../test/{nuxt,server,support,unit}/**/*', '../scripts/**/*', '../vitest.config.ts'],
    },
  },
})
