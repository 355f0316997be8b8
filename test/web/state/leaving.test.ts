/** How sessions end, on a device whose storage is slow. */
import { test, type Test } from 'tap'
import { SESSION_CACHE_MS } from '#server/limits.ts'
import { aLanDoor } from '../../support/lan-door.ts'
import { aBrowser } from './a-client.ts'

const TEXT = 'draft:town'
const FILES = 'draft:files:town'
const SLOW_MS = 5

async function aBegun(t: Test) {
  const door = await aLanDoor(t)
  const browser = aBrowser(door)
  t.teardown(() => browser.close())
  const app = await browser.openAs('bo')
  await app.shelf.put(TEXT, 'half a thought')
  await app.shelf.put(FILES, [{ key: '1.a' }, { key: '1.b' }])
  browser.device.shelfMs = SLOW_MS
  const end = async (): Promise<void> => {
    await door.node.signOut(browser.token())
    await door.clock.advance(SESSION_CACHE_MS)
  }
  return { door, browser, app, end }
}

test('however often the node says that a session is over, it ends once, and a draft outlives it', async (t) => {
  const { app, browser, end } = await aBegun(t)
  await end()

  await Promise.all(['/a', '/b', '/c'].map((path) => app.ask('GET', `/api/v4${path}`)))
  await browser.until(() => app.store.isEnded.value)
  t.equal(await app.signIn('bo', 'bo-password'), undefined, 'at once')

  t.equal(app.store.me.value?.username, 'bo')
  t.equal(await app.shelf.get(TEXT), 'half a thought')
  t.match(await app.shelf.get('me'), { username: 'bo' }, 'what ended took nothing of what began')
  t.equal(app.store.isEnded.value, false)
})

test('files of drafts that go with a session are counted, until somebody signs in', async (t) => {
  const { app, browser, end } = await aBegun(t)
  t.strictSame(await app.begun(), { texts: 1, files: 2 })
  await end()

  await app.ask('GET', '/api/v4/users/me')
  await browser.until(() => app.store.filesGone.value > 0)
  t.equal(app.store.filesGone.value, 2)
  await app.signIn('bo', 'bo-password')

  t.strictSame(await app.begun(), { texts: 1, files: 0 })
  t.equal(app.store.filesGone.value, 0)
})

test('what was asked before somebody signed in again does not end that session', async (t) => {
  const { app, browser, end } = await aBegun(t)
  await end()
  browser.network.holdsAnswers = true
  const late = app.ask('GET', '/api/v4/users/me')
  await browser.until(() => browser.network.held.length > 0)
  browser.network.holdsAnswers = false
  await app.signIn('bo', 'bo-password')

  for (const release of browser.network.held) release()
  await late

  t.equal(app.store.me.value?.username, 'bo')
})

test('signing out by oneself is no end elsewhere, even where the node has forgotten the session', async (t) => {
  const { app, end } = await aBegun(t)
  await end()

  await Promise.all([app.signOut(), app.ask('GET', '/api/v4/users/me')])

  t.strictSame(await app.shelf.keys(''), [])
})

test('a tab behind which another signed somebody else in says nothing in their name, and takes nothing of theirs', async (t) => {
  const { app, browser, door } = await aBegun(t)
  const bo = app.store.me.value
  if (bo === undefined) throw new Error('bo is signed in')
  const amira = { ...bo, id: door.people.amira.id, username: 'amira' }
  browser.cookies.set('MMUSERID', amira.id)
  await app.shelf.put('me', amira)
  browser.network.asked.length = 0

  const answer = await app.ask('POST', '/api/v4/posts', { message: 'of bo' })
  await browser.until(() => app.store.isEnded.value)
  await app.begun() // what was under way is over

  t.match(answer, { kind: 'refused', status: 401 })
  t.strictSame(browser.network.asked, [])
  t.equal(app.store.me.value, undefined)
  t.equal(await app.shelf.get(TEXT), 'half a thought')
})
