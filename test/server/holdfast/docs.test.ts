import { test } from 'tap'
import type { OrganisationId } from '#base/ids.ts'
import type { Door } from '#server/door.ts'
import { OWN_ADDRESSES } from '#server/holdfast/docs.ts'
import { WORDS } from '#server/holdfast/words.ts'
import type { OpenApi } from '#server/openapi.ts'
import { createPeople } from '#server/people.ts'
import { allRoutes } from '#server/routes.ts'
import { aLanDoor } from '../../support/lan-door.ts'

const workspace = { id: 'w' as OrganisationId, name: 'Relief' }
const OWN = allRoutes({ workspace, people: createPeople(), options: {} } as unknown as Door).filter(
  ({ url }) => url.startsWith(OWN_ADDRESSES),
)
const ADDRESSES = OWN.map(({ method, url }) => `${method} ${url}`).toSorted()

test('something is said of every address of ours, and of nothing else', async (t) => {
  t.strictSame(Object.keys(WORDS).toSorted(), ADDRESSES)
})

test('every address of ours stands in what programs read, with who may ask and what it takes', async (t) => {
  const door = await aLanDoor(t)
  const { status, json } = await door.ask(undefined, 'GET', '/api/holdfast/v1/openapi.json')
  const { openapi, info, paths } = json as OpenApi

  t.equal(status, 200)
  t.equal(openapi, '3.1.0')
  t.equal(info.version, (await door.node.status()).version)
  const found = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(
      (method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`,
    ),
  )
  t.strictSame(found.toSorted(), ADDRESSES)
  for (const { access, method, url } of OWN) {
    const operation = paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
    t.strictSame(operation?.security, access === 'open' ? [] : [{ session: [] }], url)
  }
  t.match(paths['/api/holdfast/v1/posts/delivery']?.post?.requestBody, {
    content: {
      'application/json': {
        schema: { properties: { post_ids: { items: { type: 'string', minLength: 26 } } } },
      },
    },
  })
  t.match(paths['/api/holdfast/v1/nodes/{node}/revoke']?.post, {
    parameters: [{ name: 'node', in: 'path', required: true }],
    requestBody: { content: { 'application/json': { schema: { additionalProperties: false } } } },
  })
  const limit = paths['/api/holdfast/v1/gaps']?.get?.parameters?.[1]
  t.match(limit, { name: 'limit', in: 'query', required: false, schema: { type: 'integer' } })
})

test('people read the same on a page that needs nothing from elsewhere', async (t) => {
  const door = await aLanDoor(t)
  const response = await fetch(`${door.url}/api/holdfast/v1/docs`)
  const text = await response.text()

  t.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
  t.match(response.headers.get('content-security-policy'), /^default-src 'none'; style-src 'sha/)
  for (const [, word] of text.matchAll(/href="#(\S*?)"/g))
    t.ok(text.includes(`<h2 id="${word}">`), `to ${word}`)
  for (const { url } of OWN) t.ok(text.includes(url.replace(/:(\w+)/g, '{$1}')), url)
  t.notMatch(text, /<script|\bsrc=|href="(?!openapi\.json"|#)/)
})
