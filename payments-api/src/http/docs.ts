import type { Router as ExpressRouter } from 'express'
import type { Route } from './route.ts'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Router } from 'express'
import { openApiDocument } from './openapi.ts'

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
export function docsRouter(routes: Route[]): ExpressRouter {
  const document = JSON.stringify(openApiDocument(routes))
  const router = Router()
  router.get('/openapi.json', (_req, res) => void res.type('json').send(document))
  router.get('/docs', (_req, res) => void res.set('Content-Security-Policy', POLICY).type('html').send(PAGE))
  router.get('/docs/start.js', (_req, res) => void res.type('js').send(START))
  for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js'])
    router.get(`/docs/${file}`, (_req, res) => res.set('Cache-Control', 'public, max-age=86400').sendFile(join(SWAGGER_UI, file)))
  return router
}
