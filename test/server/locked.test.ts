/** The door of a locked node: one thing can be done there, and not often. */
import { test, type Test } from 'tap'
import { openLockedDoor } from '#server/locked.ts'
import { virtualClock } from '../support/clock.ts'
import { seededRandom } from '../support/random.ts'
import { collectingLog } from '../support/log.ts'

const RIGHT = 'seven green boats'

test('the right passphrase unlocks, a wrong one does not, and anything else is LOCKED', async (t) => {
  const { url, tried } = await aDoor(t)

  t.match(await post(url, { passphrase: 'other' }), { status: 403 })
  t.match(await post(url, { passphrase: RIGHT }), { status: 200, body: { status: 'OK' } })
  t.strictSame(tried, ['other', RIGHT])
  const refused = await fetch(`${url}/api/v4/users/login`, { method: 'POST', body: '{}' })
  t.equal(refused.status, 503)
  t.match(await refused.json(), { id: 'holdfast.locked.app_error' })
  t.match(await post(url, {}), { status: 400 })
  t.match(await post(url, { passphrase: 'x'.repeat(9_000) }), { status: 413 })
})

test('an address that is none is refused like everything that is malformed', async (t) => {
  const { url } = await aDoor(t)

  const answer = await fetch(`${url}/%zz`)

  t.equal(answer.status, 400)
  t.match(await answer.json(), { id: 'holdfast.input_invalid.app_error' })
})

test('a guesser has to wait, whatever address he comes from', async (t) => {
  const { url, tried, clock } = await aDoor(t)

  for (let guess = 0; guess < 5; guess += 1) await post(url, { passphrase: `guess ${guess}` })
  t.match(await post(url, { passphrase: RIGHT }), { status: 429 })
  t.equal(tried.length, 5, 'no memory is spent on it')
  await clock.advance(60_000)
  t.match(await post(url, { passphrase: RIGHT }), { status: 200 })
})

test('the page has a form that works without scripts and names the node', async (t) => {
  const { url } = await aDoor(t)

  const page = await fetch(url)

  t.match(page.headers.get('content-security-policy'), "default-src 'none'")
  const text = await page.text()
  t.match(text, 'alpha&#60;b&#62; is locked')
  t.notMatch(text, '<script')
  const body = new URLSearchParams({ passphrase: RIGHT })
  const answer = await fetch(`${url}/api/holdfast/v1/unlock`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  t.match(await answer.text(), 'Unlocked')
})

async function aDoor(t: Test) {
  const clock = virtualClock()
  const tried: string[] = []
  const door = await openLockedDoor(
    { host: '127.0.0.1', port: 0, name: 'alpha<b>' },
    {
      clock,
      random: seededRandom(1),
      log: collectingLog(),
      unlock: async (passphrase) => {
        tried.push(passphrase)
        return passphrase === RIGHT
      },
    },
  )
  t.teardown(() => door[Symbol.asyncDispose]())
  return { url: `http://127.0.0.1:${door.address.port}`, tried, clock }
}

async function post(
  url: string,
  value: object,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const answer = await fetch(`${url}/api/holdfast/v1/unlock`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  })
  return { status: answer.status, body: await answer.json() }
}
