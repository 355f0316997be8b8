import { test } from 'tap'
import { EdgeError } from '#base/errors.ts'
import { PAGE_CACHE_MS } from '#server/limits.ts'
import { aLanDoor } from '../../support/lan-door.ts'

test('people who are signed in see how the node is', async (t) => {
  const door = await aLanDoor(t)
  const { status, json } = await door.ask('bo', 'GET', '/api/holdfast/v1/status')

  t.equal(status, 200)
  t.match(json, {
    node: { name: 'alpha', role: 'hub', isThisNode: true },
    organisationName: 'Relief',
    channels: 1,
    messages: 0,
    clock: { state: 'good' },
  })
})

test('watchers without a session learn only that it is up', async (t) => {
  const door = await aLanDoor(t)
  const { status, json } = await door.ask(undefined, 'GET', '/api/holdfast/v1/health')

  t.equal(status, 200)
  t.strictSame(json, { status: 'OK', node: 'alpha' })
})

test('watchers learn when the node cannot read its store, and when it can again', async (t) => {
  let asked = 0
  let isBroken = false
  const door = await aLanDoor(t, {
    change: (node) => ({
      ...node,
      status: async () => {
        asked += 1
        if (isBroken) throw new EdgeError('STORE_BROKEN', { what: 'a record' })
        return node.status()
      },
    }),
  })
  const ready = async (): Promise<unknown> => {
    await door.clock.advance(PAGE_CACHE_MS)
    const { status, json } = await door.ask(undefined, 'GET', '/api/holdfast/v1/ready')
    return { status, json }
  }
  const good = { status: 200, json: { status: 'OK', node: 'alpha' } }

  t.strictSame(await ready(), good)
  isBroken = true
  t.strictSame(await ready(), { status: 503, json: { status: 'UNAVAILABLE', node: 'alpha' } })
  t.strictSame(door.log.named('node.not-ready').length, 1)
  const before = asked
  await door.ask(undefined, 'GET', '/api/holdfast/v1/ready')
  t.equal(asked, before, 'strangers who ask often cost nothing')
  isBroken = false
  t.strictSame(await ready(), good)
})
