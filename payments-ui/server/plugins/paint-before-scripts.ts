/**
 * The page comes rendered, and needs its styles and its font to be seen, but no script: scripts are loaded after them.
 * Browsers give preloaded modules a high priority; on a slow line that delayed the first paint by a second.
 */
export default defineNitroPlugin((nitro) => {
  nitro.hooks.hook('render:html', (html) => {
    html.head = html.head.map(part => part.replaceAll(/<link(?=[^>]* rel="modulepreload")|<script(?=[^>]* type="module")/g, '$& fetchpriority="low"'))
  })
})
