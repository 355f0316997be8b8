import { test } from 'tap'
import { ACCESS_TOKENS_PER_PERSON_MAX, SESSION_MS } from '#base/limits.ts'
import { aTeam, eventsOf } from '../support/app.ts'

test('a token lasts until it is ended, and is nowhere on the disk', async (t) => {
  const { node, bo, clock, store } = await aTeam(t)
  const made = await node.makeAccessToken(bo.id, bo.id, 'a script')
  await clock.advance(SESSION_MS + 1)
  await node.signIn('bo', 'bo-password')

  t.match(await node.sessionOf(made.token), { person: bo.id, by: 'access token' })
  t.match(await node.accessTokens(bo.id, bo.id), [{ id: made.id, description: 'a script' }])
  t.notOk('token' in (await node.accessToken(bo.id, made.id)))
  const onDisk = store.batches.flat().map(({ key, value }) => key + Buffer.from(value ?? []))
  t.notOk(onDisk.some((text) => text.includes(made.token)))

  await node.setAccessToken(bo.id, made.id, 'gone')
  t.equal(await node.sessionOf(made.token), undefined)
  t.strictSame(await node.accessTokens(bo.id, bo.id), [])
})

test('a token sleeps and wakes, and whoever uses it hears at once', async (t) => {
  const { node, bo, clock } = await aTeam(t)
  const { id, token } = await node.makeAccessToken(bo.id, bo.id, 'a script')
  const session = await node.sessionOf(token)
  const told = eventsOf(node)

  await node.setAccessToken(bo.id, id, 'asleep')
  await clock.advance(0)

  t.equal(await node.sessionOf(token), undefined)
  t.match(told, [{ kind: 'sessions-ended', sessions: [session?.id] }])
  await node.setAccessToken(bo.id, id, 'active')
  t.ok(await node.sessionOf(token))
})

test('nobody, not even who administers, has a token of another person; of a bot its owner has', async (t) => {
  const { node, amira, bo } = await aTeam(t)
  const mine = await node.makeAccessToken(bo.id, bo.id, 'mine')
  const bot = await node.makeBot(amira.id, { username: 'alarms', displayName: '', description: '' })

  await t.rejects(node.makeAccessToken(amira.id, bo.id, 'as bo'), { code: 'NOT_ALLOWED' })
  await t.rejects(node.makeAccessToken(bo.id, amira.id, 'as amira'), { code: 'NOT_ALLOWED' })
  await t.rejects(node.makeAccessToken(bo.id, bot.id, 'as a bot'), { code: 'NOT_ALLOWED' })
  const ofBot = await node.makeAccessToken(amira.id, bot.id, 'alarms')
  t.match(await node.sessionOf(ofBot.token), { person: bot.id })
  for (const state of ['asleep', 'active', 'gone'] as const)
    await t.rejects(node.setAccessToken(bo.id, ofBot.id, state), { code: 'NOT_ALLOWED' })
  await t.rejects(node.accessTokens(bo.id, undefined), { code: 'NOT_ALLOWED' })
  t.equal((await node.accessTokens(amira.id, undefined)).length, 2)
  await node.assignBot(amira.id, bot.id, bo.id)
  await node.setAccessToken(bo.id, ofBot.id, 'gone')
  await node.setAccessToken(amira.id, mine.id, 'gone')
  t.equal(await node.sessionOf(mine.token), undefined)
})

test('the token of who may not sign in opens nothing, and ends what is open', async (t) => {
  const { node, amira, bo, clock } = await aTeam(t)
  const { token } = await node.makeAccessToken(bo.id, bo.id, 'a script')
  const session = await node.sessionOf(token)
  const told = eventsOf(node)

  await node.setActive(amira.id, bo.id, false)
  await clock.advance(0)

  t.equal(await node.sessionOf(token), undefined)
  t.ok(told.some((one) => one.kind === 'sessions-ended' && one.sessions[0] === session?.id))
})

test('descriptions and their number have limits', async (t) => {
  const { node, bo } = await aTeam(t)
  for (const wrong of ['', 'x'.repeat(256)])
    await t.rejects(node.makeAccessToken(bo.id, bo.id, wrong), { code: 'INPUT_INVALID' })
  for (let count = 0; count < ACCESS_TOKENS_PER_PERSON_MAX; count += 1)
    await node.makeAccessToken(bo.id, bo.id, `${count}`)

  await t.rejects(node.makeAccessToken(bo.id, bo.id, 'more'), { code: 'NOT_ALLOWED' })
})
