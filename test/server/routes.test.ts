import { test } from 'tap'
import type { OrganisationId } from '#base/ids.ts'
import type { Door } from '#server/door.ts'
import { createPeople } from '#server/people.ts'
import { allRoutes } from '#server/routes.ts'
import type { Route } from '#server/route.ts'
import { aLanDoor } from '../support/lan-door.ts'
import { certified, doorTls } from '../support/tls.ts'

/** The addresses alone: nothing is asked of this door. */
const workspace = { id: 'w' as OrganisationId, name: 'Relief' }
const options = { tls: await doorTls(await certified()) }
const ROUTES = allRoutes({ workspace, people: createPeople(), options } as unknown as Door)

const OPEN = [
  'POST /api/v4/users/login',
  'POST /api/v4/users/logout',
  'POST /api/v4/users/mfa',
  'POST /hooks/:hook',
  'GET /api/v4/system/ping',
  'GET /api/v4/config/client',
  'GET /api/v4/license/client',
  'GET /api/holdfast/v1/health',
  'GET /api/holdfast/v1/ready',
  'POST /api/holdfast/v1/join',
  'POST /api/holdfast/v1/release',
  'POST /api/holdfast/v1/passkeys/login/options',
  'POST /api/holdfast/v1/passkeys/login',
  'GET /about',
  'GET /',
  'GET /trust',
  'GET /trust/ca.crt',
  'GET /trust/ca.pem',
  'GET /trust/holdfast.mobileconfig',
  'GET /welcome',
  'GET /welcome/qr.png',
  'GET /api/holdfast/v1/openapi.json',
  'GET /api/holdfast/v1/docs',
]

/** Values that broke servers elsewhere: for bodies, path parts and queries. */
const HOSTILE_BODIES = [
  'null',
  '0',
  '""',
  '[]',
  '{}',
  'true',
  '[[[[[[[[]]]]]]]]',
  '{"__proto__":{"a":1},"constructor":{"prototype":{"b":1}}}',
  '{"channel_id":{"$ne":null},"message":["a"],"user_id":{},"post_id":[]}',
  '{"message":"\\u0000\\ud800","channel_id":"../../etc/passwd"}',
  '["ybndrfg8ejkmcpqxot1uwisza3","ybndrfg8ejkmcpqxot1uwisza4"]',
  `[${'"x",'.repeat(2_000)}"x"]`,
  '{"login_id":"bo","password":{"length":12}}',
  '{"status":"online\\r\\nSet-Cookie: a=b"}',
  '[{"category":"a","name":"b","value":1e999}]',
]
const HOSTILE_PARTS = [
  'x',
  '..%2f..%2fetc%2fpasswd',
  '%00',
  '%F0%9F%92%A9',
  '__proto__',
  'constructor',
  "'%20OR%201=1",
  '%3Cscript%3E',
  'me',
  'ybndrfg8ejkmcpqxot1uwisza3',
  'x'.repeat(300),
  '-1',
]
const HOSTILE_QUERIES = [
  '?page=-99999999999999999999&per_page=1e9',
  '?page[]=1&page[]=2&since=%00&before=x',
  '?page=NaN&per_page=-5&limit=Infinity',
  '?since=-1&after=ybndrfg8ejkmcpqxot1uwisza3&limit_before=0&limit_after=999999999',
  '?__proto__[a]=1&name=%ff',
]

function filled(route: Route, part: string): string {
  return route.url.replace(/:[a-z]+/g, part)
}

test('no address is there twice', async (t) => {
  const all = ROUTES.map(({ method, url }) => `${method} ${url.replace(/:[a-z]+/g, ':')}`)

  t.equal(new Set(all).size, all.length)
})

test('only these addresses answer without a session', async (t) => {
  const open = ROUTES.filter(({ access }) => access === 'open')

  t.strictSame(
    open.map(({ method, url }) => `${method} ${url}`),
    OPEN,
  )
})

test('every other address refuses strangers, whatever they ask', async (t) => {
  const door = await aLanDoor(t)
  for (const route of ROUTES) {
    if (route.access === 'open') continue
    const { status, json } = await door.ask(undefined, route.method, filled(route, 'me'))
    t.equal(status, 401, `${route.method} ${route.url}`)
    t.match(json, { status_code: 401 })
  }
})

test('hostile bodies, paths and queries are refused by name, and break nothing', async (t) => {
  const door = await aLanDoor(t)
  const { token } = await door.node.openSession('bo')
  const headers = { authorization: `Bearer ${token}` }
  const failures: string[] = []
  const tryIt = async (method: string, path: string, body?: string): Promise<void> => {
    if (path.startsWith('/api/v4/users/logout')) return
    const response = await fetch(door.url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    const type = response.headers.get('content-type')
    const isSound =
      response.status < 500 &&
      (response.status < 400 || (type === 'application/json' && text !== ''))
    if (!isSound)
      failures.push(`${method} ${path} ${body ?? ''}: ${response.status} ${text}`.slice(0, 300))
  }
  for (const route of ROUTES) {
    const { method } = route
    const bodies = method === 'POST' || method === 'PUT' ? HOSTILE_BODIES : []
    for (const body of bodies) await tryIt(method, filled(route, 'me'), body)
    const parts = route.url.includes(':') ? HOSTILE_PARTS : []
    for (const part of parts) await tryIt(method, filled(route, part))
    const queries = method === 'GET' ? HOSTILE_QUERIES : []
    for (const query of queries) {
      await tryIt(method, filled(route, 'me') + query)
      await tryIt(method, filled(route, 'ybndrfg8ejkmcpqxot1uwisza3') + query)
    }
  }

  t.strictSame(failures, [])
  t.strictSame(door.log.named('request.failed'), [])
  t.equal((await door.ask('bo', 'GET', '/api/v4/users/me')).status, 200)
})
