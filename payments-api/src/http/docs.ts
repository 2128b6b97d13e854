import type { Response, Router } from 'express'
import type { Route } from './route.ts'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkParameters } from './check-input.ts'
import { openApiDocument } from './openapi.ts'
import { routerOf } from './route.ts'

const SWAGGER_UI = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')))
const POLICY = 'default-src \'self\'; style-src \'self\' \'unsafe-inline\'; img-src \'self\' data:'

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Payments API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="operations"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
`

const START = 'SwaggerUIBundle({ url: "/openapi.json", dom_id: "#operations", deepLinking: true, defaultModelsExpandDepth: 0, validatorUrl: null })\n'

/** Serves /openapi.json, and /docs, which renders it without loading anything from another host. */
export function docsRouter(routes: Route[]): Router {
  const document = JSON.stringify(openApiDocument(routes))
  return routerOf([
    page('/openapi.json', res => res.type('json').send(document)),
    page('/docs', res => res.set('Content-Security-Policy', POLICY).type('html').send(PAGE)),
    page('/docs/start.js', res => res.type('js').send(START)),
    ...['swagger-ui.css', 'swagger-ui-bundle.js'].map(file =>
      page(`/docs/${file}`, res => res.set('Cache-Control', 'public, max-age=86400').sendFile(join(SWAGGER_UI, file)))),
  ])
}

/** A path that the document does not list. It refuses parameters, and methods other than GET, as every operation does. */
function page(path: string, send: (res: Response) => void): Pick<Route, 'method' | 'path' | 'handlers'> {
  return { method: 'get', path, handlers: [(req, res) => void (checkParameters(undefined, req.query, res) && send(res))] }
}
