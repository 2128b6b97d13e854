export default defineNuxtConfig({
  modules: [
    '@nuxt/ui',
    'nuxt-security',
    // Icons of @nuxt/icon call onServerPrefetch, which shifts the ids that useId generates after them. Nuxt removes that call
    // from the client build, so ids would differ from the server's. Keep the call.
    (_options, nuxt) => {
      const { client } = nuxt.options.optimization.treeShake.composables
      client.vue = client.vue?.filter(name => name !== 'onServerPrefetch') ?? []
    },
  ],
  compatibilityDate: '2026-11-01',
  // Name components after their files only, without the folder.
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
    // NUXT_API_URL. Private: only the Nitro server calls the API, and the browser never learns the URL.
    apiUrl: 'http://127.0.0.1:3001',
    public: {
      // NUXT_PUBLIC_API_URL: the API's address in the commands that a person copies. The console itself does not use it.
      apiUrl: 'http://localhost:3001',
      // NUXT_PUBLIC_KILL_URL and NUXT_PUBLIC_KILL_TOKEN: where the harness kills workers for the map, in development only. Empty:
      // the map offers no such thing. Pages call it themselves, so this server has no rights over processes.
      killUrl: '',
      killToken: '',
    },
  },
  experimental: {
    defaults: {
      // Prefetch a page's scripts on hover or focus of a link, not whenever a link is visible.
      nuxtLink: { prefetchOn: { interaction: true, visibility: false } },
    },
  },
  hooks: {
    // Load scripts of other pages and lazy components only when needed.
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
        // @nuxt/ui and the chart set inline styles from scripts, which a nonce cannot allow.
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
        // TLS is up to the proxy in front of this server, and so is Strict-Transport-Security.
        'upgrade-insecure-requests': false,
      },
      strictTransportSecurity: false,
      xFrameOptions: 'DENY',
      referrerPolicy: 'no-referrer',
      permissionsPolicy: { 'web-share': false }, // Chromium warns that it does not know this feature
    },
    // server/ limits bodies and refuses cross-site requests itself, with problems that the page can show.
    requestSizeLimiter: false,
    xssValidator: false,
    rateLimiter: false,
    corsHandler: false,
    // Keep console calls: the server logs through them.
    removeLoggers: false,
  },
  // Neither the build nor the page fetches anything from other hosts: fonts and icons are bundled.
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
  // Vite finds this package only when the first page loads, and would reload that page.
  vite: { optimizeDeps: { include: ['@vueuse/core'] } },
  typescript: {
    strict: true,
    tsConfig: {
      include: ['../test/{nuxt,server,support,unit}/**/*', '../scripts/**/*', '../vitest.config.ts'],
    },
  },
})
