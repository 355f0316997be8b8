/** The description of our own addresses: for programs, and as a page without script and without anything from elsewhere. */
import { createHash } from 'node:crypto'
import type { Door } from '#server/door.ts'
import { openApiOf, type OpenApi, type Operation } from '#server/openapi.ts'
import { escaped } from '#server/page.ts'
import { openRoute, type Route } from '#server/route.ts'
import { WORDS } from './words.ts'

/** All of ours begin so. */
export const OWN_ADDRESSES = '/api/holdfast/v1/'

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 48rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin: 2rem 0 0; font: 600 1rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
p { margin: .25rem 0 }
pre { padding: .5rem; border: 1px solid; border-radius: .25rem; overflow-x: auto }
`
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** The routes that describe those of `routes` that are ours, and themselves. Made once, when somebody asks first. */
export function docsRoutes(door: Door, routes: readonly Route[]): readonly Route[] {
  let known: OpenApi | undefined
  const document = (): OpenApi => {
    const all = [...routes, ...own].filter(({ url }) => url.startsWith(OWN_ADDRESSES))
    known ??= openApiOf(all, WORDS, door.options.version)
    return known
  }
  const own = [
    openRoute('GET', `${OWN_ADDRESSES}openapi.json`, () => document()),
    openRoute('GET', `${OWN_ADDRESSES}docs`, ({ reply }) => {
      reply.header('content-type', 'text/html; charset=utf-8')
      reply.header('content-security-policy', POLICY)
      return docsPageFrom(document())
    }),
  ]
  return own
}

/** The whole page. */
function docsPageFrom({ info, paths }: OpenApi): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(method, path, operation)),
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(info.title)}: addresses</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(info.title)}: addresses</h1>
<p>${escaped(info.description)} For programs: <a href="openapi.json">openapi.json</a>.</p>
${operations.join('\n')}
</body>
</html>
`
}

function section(method: string, path: string, operation: Operation): string {
  const { summary, security, parameters, requestBody, responses } = operation
  const details = { parameters, requestBody }
  const text = JSON.stringify(details, undefined, 2)
  const status = Object.keys(responses)[0] ?? ''
  return `<h2>${escaped(`${method.toUpperCase()} ${path}`)}</h2>
<p>${escaped(summary)} ${security.length === 0 ? 'Open to anybody.' : 'Needs a session.'} Answers ${escaped(status)}.</p>
${text === '{}' ? '' : `<details><summary>What it takes</summary><pre>${escaped(text)}</pre></details>`}`
}
