import { test, type Test } from 'tap'
import type { App } from '#web/state/app.ts'
import { SESSION_CACHE_MS } from '#server/limits.ts'
import type { Post } from '#web/core/wire.ts'
import { aLanDoor, type LanDoor, type Name } from '../../support/lan-door.ts'
import { aBrowser } from './a-client.ts'

const ROUTINE = { rootId: '', lane: 'routine', override: '', wantsAck: false, files: [] } as const

async function aTown(t: Test, ...names: readonly Name[]) {
  const door = await aLanDoor(t)
  const { id: town } = await door.node.channelByName(door.people.bo.id, 'town-square')
  const browsers = names.map(() => aBrowser(door))
  t.teardown(() => browsers.forEach((one) => one.close()))
  const apps = await Promise.all(browsers.map((one, index) => one.openAs(names[index] ?? 'bo')))
  await Promise.all(apps.map((app) => app.show(town)))
  return { door, town, browsers, apps }
}

function textsOf(app: App, channelId: string): readonly string[] {
  const { order, posts } = app.store.timeline(channelId).value
  return order.map((id) => posts.get(id)?.message ?? '')
}

function firstPost(app: App, channelId: string): Post {
  const { order, posts } = app.store.timeline(channelId).value
  const post = posts.get(order[0] ?? '')
  if (post === undefined) throw new Error('no message')
  return post
}

test('a wrong password is told from a node that is away', async (t) => {
  const browser = aBrowser(await aLanDoor(t))
  const app = await browser.open()

  t.equal(await app.signIn('bo', 'wrong'), 'wrong')
  browser.network.isThere = false
  t.equal(await app.signIn('bo', 'bo-password'), 'away')
  t.equal(app.store.me.value, undefined)
})

test('what one writes is shown to the other, with counts, reactions, edits and deletions', async (t) => {
  const { town, browsers, apps, door } = await aTown(t, 'bo', 'chen')
  const [bo, chen] = apps as [App, App]
  const [, chens] = browsers
  await bo.writing.write({ ...ROUTINE, channelId: town, message: 'Hello @chen' })
  await chens?.until(() => textsOf(chen, town).length === 1)

  t.strictSame([textsOf(chen, town), bo.store.waiting.value], [['Hello @chen'], []])
  t.equal(chen.store.unread.value.get(town), 1)
  t.equal(chen.store.memberships.value.get(town)?.mentionCount, 1)
  t.equal(bo.store.unread.value.get(town), 0)
  await chen.writing.view(town)
  t.equal(chen.store.unread.value.get(town), 0)
  const post = firstPost(bo, town)
  t.equal(await chen.writing.react(post, '+1', true), undefined)
  await browsers[0]?.until(() => firstPost(bo, town).reactions.length === 1)
  t.strictSame(firstPost(bo, town).reactions, [{ userId: door.people.chen.id, emoji: '+1' }])
  t.equal(await bo.writing.edit(post, 'Hello all'), undefined)
  await chens?.until(() => textsOf(chen, town)[0] === 'Hello all')
  t.type(await chen.writing.remove(post), 'string')
  t.equal(await bo.writing.remove(post), undefined)
  await chens?.until(() => textsOf(chen, town).length === 0)
})

test('written without a network, killed, and opened again: it arrives once', async (t) => {
  const { town, browsers, apps, door } = await aTown(t, 'bo')
  const [browser] = browsers
  const [first] = apps
  if (browser === undefined || first === undefined) throw new Error('one browser was opened')
  browser.network.isAnswerLost = true
  await first.writing.write({ ...ROUTINE, channelId: town, message: 'once' })
  await first.outbox().flush()
  browser.network.isAnswerLost = false
  browser.network.isThere = false
  await first.writing.write({ ...ROUTINE, channelId: town, message: 'later' })

  const second = await browser.open()
  t.strictSame(
    second.store.waiting.value.map(({ message }) => message),
    ['once', 'later'],
  )
  browser.network.isThere = true
  second.hurry()
  await browser.until(() => second.store.waiting.value.length === 0)
  await second.show(town)

  t.strictSame([textsOf(second, town), second.store.waiting.value], [['once', 'later'], []])
  const { messages } = await door.node.page(
    door.people.bo.id,
    (await door.node.channelByName(door.people.bo.id, 'town-square')).id,
    { limit: 10 },
  )
  t.equal(messages.length, 2)
})

test('a start that finds nobody, and does not know who it is, sends what waits once the node is there', async (t) => {
  const { town, browsers, apps } = await aTown(t, 'bo')
  const [browser] = browsers
  const [first] = apps
  if (browser === undefined || first === undefined) throw new Error('one browser was opened')
  browser.network.isThere = false
  await first.writing.write({ ...ROUTINE, channelId: town, message: 'later' })
  first.stop()
  browser.texts.removeItem('holdfast:me')

  const second = await browser.open()
  t.strictSame(
    [second.store.me.value, second.store.waiting.value.map(({ message }) => message)],
    [undefined, ['later']],
  )
  browser.network.isThere = true
  await browser.until(() => second.store.waiting.value.length === 0)
  await second.show(town)

  t.strictSame(textsOf(second, town), ['later'])
})

test('what was seen is there without the node, and gone after signing out', async (t) => {
  const { town, browsers, apps } = await aTown(t, 'bo')
  const [browser] = browsers
  const [first] = apps
  if (browser === undefined || first === undefined) throw new Error('one browser was opened')
  await first.writing.write({ ...ROUTINE, channelId: town, message: 'remember' })
  await browser.until(() => textsOf(first, town).length === 1)
  first.keeping.keep(town)
  const kept = () => browser.texts.getItem(`holdfast:channel:${town}`) ?? ''
  await browser.until(() => kept().includes('remember'))
  await browser.until(() => browser.texts.getItem('holdfast:lists') !== null)

  browser.network.isThere = false
  const second = await browser.open()
  t.strictSame([textsOf(second, town), second.store.me.value?.username], [['remember'], 'bo'])
  browser.network.isThere = true
  await second.signOut()
  t.strictSame([browser.texts.length, second.store.me.value], [0, undefined])
})

test('a session that ends elsewhere wipes what was read, and keeps what was not sent', async (t) => {
  const { town, browsers, apps, door } = await aTown(t, 'bo')
  const [browser] = browsers
  const [app] = apps
  if (browser === undefined || app === undefined) throw new Error('one browser was opened')
  app.keeping.keep(town)
  await browser.until(() => browser.texts.getItem(`holdfast:channel:${town}`) !== null)
  browser.network.isThere = false
  await app.writing.write({ ...ROUTINE, channelId: town, message: 'unsent' })
  await app.outbox().flush()
  await endSession(door, browser.token())
  browser.network.isThere = true
  await app.loading.channels()
  await browser.until(() => app.store.me.value === undefined)
  await browser.until(() => browser.texts.getItem(`holdfast:channel:${town}`) === null)

  t.match(app.store.waiting.value, [{ message: 'unsent' }])
  t.equal(app.store.isEnded.value, true)
})

test('a draft outlives a session that ends elsewhere, for its author alone', async (t) => {
  const { town, browsers, apps, door } = await aTown(t, 'bo', 'amira')
  const [browser] = browsers
  const [app] = apps
  if (browser === undefined || app === undefined) throw new Error('a browser was opened')
  const draft = `draft:${town}`
  await app.shelf.put(draft, 'half a thought')
  await endSession(door, browser.token())
  await app.loading.channels()
  await browser.until(() => app.store.isEnded.value)
  await browser.until(() => browser.texts.getItem('holdfast:lists') === null)
  t.equal(await app.shelf.get(draft), undefined)
  t.equal(await app.signIn('amira', 'amira-password'), undefined)
  t.equal(await app.shelf.get(draft), undefined, 'nobody else finds it')
  await app.signIn('bo', 'bo-password')

  t.equal(await app.shelf.get(draft), 'half a thought')
  t.equal(app.store.isEnded.value, false)
})

/** As another device does: the node does not know it any more, a moment later. */
async function endSession(door: LanDoor, token: string): Promise<void> {
  await door.node.signOut(token)
  await door.clock.advance(SESSION_CACHE_MS)
}

test('after a wipe nothing is asked of the node before it has ended the session', async (t) => {
  const { browsers, apps, town } = await aTown(t, 'bo')
  const [first] = apps as [App]
  const [browser] = browsers
  if (browser === undefined) return
  await first.writing.write({ ...ROUTINE, channelId: town, message: 'Hello' })
  first.stop()
  await first.shelf.clear()
  await first.shelf.put('ended', true)
  browser.network.isThere = false
  browser.network.asked.length = 0
  const away = await browser.open()
  t.strictSame(browser.network.asked, ['POST /api/v4/users/logout'])
  t.strictSame([away.store.me.value, away.store.isReady.value], [undefined, true])
  browser.network.isThere = true
  const again = await browser.open()

  t.strictSame([again.store.me.value, browser.token()], [undefined, ''])
  t.equal(await again.shelf.get('ended'), undefined)
  t.equal(await again.signIn('bo', 'bo-password'), undefined)
  t.equal(again.store.me.value?.username, 'bo')
})

test('where the operator wants it, a session that ends elsewhere takes what was not sent, too', async (t) => {
  const { browsers, apps, town, door } = await aTown(t, 'bo')
  const [app] = apps as [App]
  const [browser] = browsers
  if (browser === undefined) return
  browser.device.forgetsAll = true
  browser.network.isThere = false
  await app.writing.write({ ...ROUTINE, channelId: town, message: 'Not sent' })
  t.equal(app.store.waiting.value.length, 1)
  await endSession(door, browser.token())
  browser.network.isThere = true
  await app.ask('GET', '/api/v4/users/me')
  await browser.until(() => app.store.waiting.value.length === 0)

  t.strictSame(await app.shelf.keys(''), [])
})

test('what is shown once is covered here, opens once the node is told, and its author sees that', async (t) => {
  const { town, browsers, apps, door } = await aTown(t, 'bo', 'chen')
  const [bo, chen] = apps as [App, App]
  const [bos, chens] = browsers
  await bo.writing.write({ ...ROUTINE, channelId: town, message: 'Code 4711', burnSeconds: 30 })
  await chens?.until(() => textsOf(chen, town).length === 1)
  t.strictSame([textsOf(chen, town), textsOf(bo, town)], [[''], ['']])
  const covered = firstPost(chen, town)
  t.equal(covered.burnSeconds, 30)
  if (chens !== undefined) chens.network.isThere = false
  t.equal(await chen.writing.reveal(covered), undefined)
  if (chens !== undefined) chens.network.isThere = true
  t.match(await chen.writing.reveal(covered), { message: 'Code 4711' })
  await bos?.until(() => firstPost(bo, town).acks.length === 1)

  t.strictSame(firstPost(bo, town).acks, [door.people.chen.id])
  t.match(await bo.writing.reveal(firstPost(bo, town)), { message: 'Code 4711' })
  t.strictSame(
    firstPost(bo, town).acks,
    [door.people.chen.id],
    'its author opens it as often as wanted',
  )
})

test('a message is saved on all devices of one person, a channel unread again, a thread followed', async (t) => {
  const { town, browsers, apps, door } = await aTown(t, 'bo', 'chen')
  const [bo, chen] = apps as [App, App]
  const [, chens] = browsers
  await bo.writing.write({ ...ROUTINE, channelId: town, message: 'Note this' })
  await chens?.until(() => textsOf(chen, town).length === 1)
  const { id } = firstPost(chen, town)
  const other = aBrowser(door)
  t.teardown(other.close)
  const second = await other.openAs('chen')

  t.ok(await chen.personal.save(id, true))
  await other.until(() => second.store.saved.value.has(id))
  t.match(await second.personal.saved(), [{ id, message: 'Note this' }])
  t.ok(await second.personal.save(id, false))
  await chens?.until(() => !chen.store.saved.value.has(id))
  await chen.writing.view(town)
  t.equal(chen.store.unread.value.get(town), 0)
  t.ok(await chen.personal.setUnread(id))
  t.equal(chen.store.unread.value.get(town), 1)
  await chen.writing.write({ ...ROUTINE, channelId: town, rootId: id, message: 'Noted' })
  await chens?.until(() => chen.store.waiting.value.length === 0)
  t.equal(await chen.personal.isFollowing(id), true)
  t.ok(await chen.personal.follow(id, false))
  t.equal(await chen.personal.isFollowing(id), false)
})

test('delivery stories are asked for together, and say where a message was written', async (t) => {
  const { town, browsers, apps } = await aTown(t, 'bo')
  const [app] = apps
  if (app === undefined) throw new Error('one browser was opened')
  await app.writing.write({ ...ROUTINE, channelId: town, message: 'a' })
  await browsers[0]?.until(() => textsOf(app, town).length === 1)
  const { id } = firstPost(app, town)
  app.stories.want([id])
  await browsers[0]?.until(() => app.store.stories.value.has(id))

  t.match(app.store.stories.value.get(id), { postId: id, origin: /^[a-z0-9]{26}$/, deliveries: [] })
})

test('older messages come page by page, to the very first', async (t) => {
  const { door, town, browsers, apps } = await aTown(t, 'chen')
  const [app] = apps
  if (app === undefined) throw new Error('one browser was opened')
  const channel = (await door.node.channelByName(door.people.bo.id, 'town-square')).id
  for (let index = 0; index < 150; index += 1)
    await door.node.post(door.people.bo.id, { channel, body: `m${index}` })
  await browsers[0]?.until(() => textsOf(app, town).length === 150)
  const fresh = aBrowser(door)
  t.teardown(() => fresh.close())
  const late = await fresh.openAs('bo')
  await late.show(town)
  t.equal(textsOf(late, town).length, 40)
  await Promise.all([late.older(town), late.older(town)])

  t.strictSame(textsOf(late, town), textsOf(app, town))
  t.notOk(late.store.timeline(town).value.hasOlder)
})

test('conversations and channels are made, found and joined', async (t) => {
  const { apps, door } = await aTown(t, 'bo', 'chen')
  const [bo, chen] = apps as [App, App]
  const direct = await bo.writing.converse([door.people.chen.id])
  const group = await bo.writing.converse([door.people.chen.id, door.people.amira.id])
  const open = await bo.writing.makeChannel('Água', false)

  t.strictSame(
    [direct, group, open].map((id) => bo.store.channels.value.get(id ?? '')?.type),
    ['D', 'G', 'O'],
  )
  const channel = bo.store.channels.value.get(open ?? '')
  t.equal(channel?.name, 'agua')
  t.ok(channel !== undefined && (await chen.writing.join(channel)))
  t.ok(chen.store.memberships.value.has(open ?? ''))
})
