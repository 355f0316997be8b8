/** The policy by REST: what administrators set is what is decided by, and what does not fit is refused with the reason. */
import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'

const BASE = '/api/holdfast/v1/policy'

test('levels, attributes, labels and rules are set, shown, explained, and taken away', async (t) => {
  const door = await aLanDoor(t)
  const { bo, chen } = door.people
  const { id } = await door.node.createChannel(bo.id, {
    kind: 'private',
    name: 'plans',
    displayName: 'Plans',
    members: [chen.id],
  })
  const put = (path: string, body: unknown) => door.ask('amira', 'PUT', `${BASE}${path}`, body)
  t.equal((await put('/levels', ['open', 'secret'])).status, 200)
  t.equal((await put(`/people/${bo.id}`, { clearance: 'secret', mission: ['a'] })).status, 200)
  t.equal((await put(`/channels/${id}`, { classification: 'secret' })).status, 200)
  const require = { attribute: 'subject.mission', in: ['a', 'b'] }
  const rule = { actions: ['post'], require, note: 'the mission' }
  t.equal((await put('/rules/mission', rule)).status, 200)

  t.match((await door.ask('amira', 'GET', BASE)).json, {
    levels: ['open', 'secret'],
    rules: [{ name: 'mission', rule }],
    people: [{ username: 'bo', attributes: { mission: ['a'] } }],
    channels: [{ channel: id, label: { classification: 'secret' } }],
  })
  const post = {
    channel_id: id,
    message: 'x',
    props: { holdfast_label: { classification: 'open' } },
  }
  const posted = await door.ask('bo', 'POST', '/api/v4/posts', post)
  t.match(posted.json, { props: { holdfast_label: { classification: 'open' } } })
  t.equal((await door.ask('chen', 'GET', `/api/v4/channels/${id}/posts`)).status, 404)
  const question = { action: 'read channel', person: chen.id, channel: id }
  t.match((await door.ask('amira', 'POST', `${BASE}/explain`, question)).json, {
    ok: false,
    reason: 'not cleared',
  })

  t.equal((await door.ask('amira', 'DELETE', `${BASE}/rules/mission`)).status, 200)
  t.match((await door.ask('amira', 'GET', BASE)).json, { rules: [] })
})

test('what is no rule is refused with the place and what is wanted there', async (t) => {
  const door = await aLanDoor(t)
  const put = (path: string, body: unknown) => door.ask('amira', 'PUT', `${BASE}${path}`, body)
  const bad = await put('/rules/x', { actions: ['post'], require: { matches: '.*' } })
  t.equal(bad.status, 400)
  t.match(bad.json, { detailed_error: /require.*all, any, not/s })
  for (const [path, body] of [
    ['/rules/__proto__', { actions: ['post'], require: { attribute: 'subject.a', in: ['x'] } }],
    ['/levels', ['a', 'a']],
    [`/people/${door.people.bo.id}`, { clearance: 7 }],
    [`/channels/nowhere`, {}],
  ] as const)
    t.equal((await put(path, body)).status, 400, path)
})
