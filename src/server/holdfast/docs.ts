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
h2 { margin: 2.5rem 0 0; padding-top: .5rem; border-top: 1px solid }
h3 { margin: 1.5rem 0 0; font: 600 1rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
nav a { display: inline-block; margin: 0 1rem .25rem 0; padding: .25rem 0 }
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
    known ??= openApiOf(all, WORDS, door.nodeVersion)
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

/** How to get a session, for whoever has no client at hand. */
const SIGN_IN = `curl -si $KIT/api/v4/users/login -d '{"login_id":"name","password":"…"}' \\
  -H 'Content-Type: application/json'        # the answer's header Token: is the session
curl -s $KIT${OWN_ADDRESSES}status -H "Authorization: Bearer $TOKEN"`

/** The whole page: addresses by the first word behind what all have in common. */
function docsPageFrom({ info, paths }: OpenApi): string {
  const groups = new Map<string, string[]>()
  for (const [path, methods] of Object.entries(paths)) {
    const [word = ''] = path.slice(OWN_ADDRESSES.length).split(/[/.]/, 1)
    const shown = Object.entries(methods).map(([method, one]) => operationFrom(method, path, one))
    groups.set(word, [...(groups.get(word) ?? []), ...shown])
  }
  const all = [...groups].toSorted(([one], [other]) => (one < other ? -1 : 1))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(info.title)}: addresses</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(info.title)} ${escaped(info.version)}: addresses</h1>
<p>${escaped(info.description)} For programs: <a href="openapi.json">openapi.json</a>.</p>
<pre>${escaped(SIGN_IN)}</pre>
<nav>${all.map(([word]) => `<a href="#${escaped(word)}">${escaped(word)}</a>`).join(' ')}</nav>
${all.map(([word, shown]) => `<h2 id="${escaped(word)}">${escaped(word)}</h2>\n${shown.join('\n')}`).join('\n')}
</body>
</html>
`
}

function operationFrom(method: string, path: string, operation: Operation): string {
  const { summary, security, parameters = [], requestBody, responses } = operation
  const [status = '', answer = {}] = Object.entries(responses)[0] ?? []
  const given = Object.keys(Object(Object(answer).content) as object).join(', ')
  return `<h3>${escaped(`${method.toUpperCase()} ${path}`)}</h3>
<p>${escaped(summary)} ${security.length === 0 ? 'Open to anybody.' : 'Needs a session.'} Answers ${escaped(`${status}, ${given}`)}.</p>
${details('Parameters', parameters)}
${details('Body', requestBody?.content)}`
}

function details(title: string, value: object | undefined): string {
  if (value === undefined || Object.keys(value).length === 0) return ''
  const text = escaped(JSON.stringify(value, undefined, 2))
  return `<details><summary>${title}</summary><pre>${text}</pre></details>`
}
