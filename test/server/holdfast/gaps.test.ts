/** Gaps at the door: who gets which part of the report, and the measures in their text form. */
import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'

const AT = '/api/holdfast/v1/gaps'

test('whoever is signed in gets the report, a page at a time', async (t) => {
  const door = await aLanDoor(t)

  const { status, json } = await door.ask('bo', 'GET', `${AT}?page=0&limit=5`)

  t.equal(status, 200)
  t.match(json, { lacking: [], nodes: [], documents: [], page: 0, pages: 1 })
  t.match(json, { kept: { early: { count: 0 }, withoutKey: { count: 0 } } })
  t.equal((await door.ask(undefined, 'GET', AT)).status, 401)
  for (const query of ['page=-1', 'limit=0', 'limit=501', 'page=x'])
    t.equal((await door.ask('amira', 'GET', `${AT}?${query}`)).status, 400, query)
})

test('measures are for administrators, in text that Prometheus reads', async (t) => {
  const door = await aLanDoor(t)

  const { status, headers, text } = await door.ask('amira', 'GET', '/metrics')

  t.equal(status, 200)
  t.match(headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  t.match(text, /^holdfast_info\{node="alpha",role="hub",version="[^"]+"\} 1$/m)
  const isLine = /^(?:|# (?:HELP|TYPE) holdfast_\w+ .+|holdfast_\w+(?:\{.*\})? \d+(?:\.\d+)?)$/
  t.ok(
    text
      .trimEnd()
      .split('\n')
      .every((line) => isLine.test(line)),
  )
  t.equal((await door.ask('bo', 'GET', '/metrics')).status, 403)
  t.equal((await door.ask(undefined, 'GET', '/metrics')).status, 401)
})
