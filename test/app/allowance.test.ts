import { test, type Test } from 'tap'
import { ALLOWANCE_MESSAGES_MAX, OVERRIDE_REASON_CHARACTERS_MAX } from '#base/limits.ts'
import { REASONS } from '#model/audit-words.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { aTeam, type Team } from '../support/app.ts'
import { virtualClock } from '../support/clock.ts'
import { aNode } from '../support/nodes.ts'

const HOUR_MS = 3_600_000
const allowance = { flash: 2, immediate: 3, withinMs: HOUR_MS }
const SPENT = { code: 'ALLOWANCE_SPENT' }

test('a person may send so many flash messages, and one more is refused with what to do', async (t) => {
  const { flash, team } = await aSender(t)
  await flash('one')
  await flash('two')

  await t.rejects(flash('three'), {
    code: 'ALLOWANCE_SPENT',
    facts: {
      field: 'precedence',
      found: 'one flash message more after 2 within 60 min',
      wanted: 'at most 2',
      waitMs: HOUR_MS,
    },
    message: /--override/,
  })

  const { node, bo, ops } = team
  t.equal((await node.page(bo.id, ops.id, { limit: 10 })).messages.length, 2)
})

test('each lane and each person is counted apart, and other lanes are not', async (t) => {
  const { flash, post, team } = await aSender(t)
  await flash('one')
  await flash('two')

  for (const body of ['a', 'b', 'c']) await post({ body, lane: 'immediate' })
  await t.rejects(post({ body: 'd', lane: 'immediate' }), SPENT)
  for (let count = 0; count < 20; count += 1) {
    await post({ body: `p${count}`, lane: 'priority' })
    await post({ body: `r${count}` })
  }
  const { node, amira, ops } = team
  t.ok(await node.post(amira.id, { channel: ops.id, body: 'hers', lane: 'flash' }))
})

test('what was sent longer ago than the time that counts is free again, one by one', async (t) => {
  const { flash, team } = await aSender(t)
  await flash('one')
  await team.clock.advance(HOUR_MS / 2)
  await flash('two')
  await team.clock.advance(HOUR_MS / 2 - 1)
  await t.rejects(flash('early'), SPENT)

  await team.clock.advance(1)

  t.ok(await flash('three'))
  await t.rejects(flash('four'), SPENT)
})

test('setting the clock gives nobody more', async (t) => {
  const { flash, team } = await aSender(t)
  await flash('one')
  await flash('two')
  for (const wall of [0, team.clock.now() + 400 * HOUR_MS]) {
    team.clock.setWall(wall)
    await t.rejects(flash('three'), SPENT)
  }
})

test('a message sent again by its client is never counted twice', async (t) => {
  const { flash } = await aSender(t)
  const first = await flash('one', { pendingId: 'bo:1' })
  for (let count = 0; count < 5; count += 1)
    t.equal((await flash('one', { pendingId: 'bo:1' })).id, first.id)

  t.ok(await flash('two', { pendingId: 'bo:2' }))
  await t.rejects(flash('three', { pendingId: 'bo:3' }), SPENT)
  t.equal((await flash('two', { pendingId: 'bo:2' })).body, 'two', 'also when nothing is left')
  const over = await flash('three', { pendingId: 'bo:3', overrideReason: 'fire' })
  t.equal((await flash('three', { pendingId: 'bo:3' })).id, over.id)
})

test('whoever says why sends it all the same: the reason stands with the message, the deed in the audit', async (t) => {
  const { flash, team } = await aSender(t)
  await flash('one')
  await flash('two')

  const third = await flash('three', { overrideReason: '  two casualties at the bridge ' })

  t.match(third, { lane: 'flash', overrideReason: 'two casualties at the bridge' })
  const { node, amira, bo, ops } = team
  t.match(await node.message(amira.id, third.id), { overrideReason: third.overrideReason })
  const deeds = await node.audit(amira.id, { limit: 10, deeds: ['allowance overridden'] })
  t.equal(deeds.length, 1)
  t.match(deeds[0], {
    by: bo.id,
    result: 'done',
    facts: { lane: 0 },
    subjects: [
      { kind: 'message', id: third.id },
      { kind: 'channel', id: ops.id },
    ],
  })
  t.notMatch(JSON.stringify(deeds), 'casualties', 'who reads audits may not read messages')
})

test('a reason that is not needed is not kept', async (t) => {
  const { flash, team } = await aSender(t)

  const first = await flash('one', { overrideReason: 'just in case' })

  t.equal(first.overrideReason, undefined)
  const { node, amira } = team
  t.strictSame(await node.audit(amira.id, { limit: 10, deeds: ['allowance overridden'] }), [])
})

test('a reason has some text, and not too much', async (t) => {
  const { flash } = await aSender(t)
  await flash('one')
  await flash('two')
  for (const overrideReason of ['', ' \n', 'x'.repeat(OVERRIDE_REASON_CHARACTERS_MAX + 1)])
    await t.rejects(flash('three', { overrideReason }), {
      code: 'INPUT_INVALID',
      facts: { field: 'holdfast_override' },
    })

  t.ok(await flash('three', { overrideReason: 'x'.repeat(OVERRIDE_REASON_CHARACTERS_MAX) }))
})

test('a refusal stands in the audit', async (t) => {
  const { flash, team } = await aSender(t)
  await flash('one')
  await flash('two')
  await flash('three').catch(() => undefined)
  await team.clock.advance(0)

  const { node, amira, bo } = team
  const deeds = await node.audit(amira.id, { limit: 10, deeds: ['action refused'] })
  t.match(deeds, [{ by: bo.id, result: 'refused', facts: { lane: 0 } }])
  t.equal(REASONS[deeds[0]?.facts.reason ?? 0], 'allowance spent')
})

test('a message that could not be written is not counted', async (t) => {
  const { flash, team } = await aSender(t)
  await flash('one')
  team.store.setFault('full')
  await t.rejects(flash('two'), { code: 'STORE_FULL' })
  team.store.setFault('none')

  t.ok(await flash('two'))
  await t.rejects(flash('three'), SPENT)
})

test('an allowance of none asks for a reason every time; no allowance never does', async (t) => {
  const none = await aSender(t, { ...allowance, flash: 0 })
  await t.rejects(none.flash('one'), SPENT)
  t.ok(await none.flash('one', { overrideReason: 'fire' }))
  await t.rejects(none.flash('two'), SPENT)

  const { node, bo, ops } = await aTeam(t)
  for (let count = 0; count < 20; count += 1)
    await node.post(bo.id, { channel: ops.id, body: 'x', lane: 'flash' })
})

test('the largest allowance is counted exactly, and its record does not grow beyond it', async (t) => {
  const { flash } = await aSender(t, { ...allowance, flash: ALLOWANCE_MESSAGES_MAX })
  for (let count = 0; count < ALLOWANCE_MESSAGES_MAX; count += 1) await flash(`m${count}`)

  await t.rejects(flash('one more'), SPENT)
})

test('what was sent before a restart counts after it', async (t) => {
  const store = openMemoryStore()
  const clock = virtualClock()
  const team = await aTeam(t, { store, clock, options: { allowance } })
  const { bo, ops } = team
  const draft = { channel: ops.id, body: 'x', lane: 'flash' } as const
  await team.node.post(bo.id, draft)
  await team.node.post(bo.id, draft)
  await team.node[Symbol.asyncDispose]()

  const later = virtualClock(clock.now() + HOUR_MS / 2)
  await using node = await aNode('alpha', { store, clock: later, options: { allowance } })

  await t.rejects(node.post(bo.id, draft), { ...SPENT, facts: { waitMs: HOUR_MS / 2 } })
  await later.advance(HOUR_MS / 2)
  t.ok(await node.post(bo.id, draft))
})

type Post = Parameters<Team['node']['post']>[1]

/** Bo, who may send what `choice` says. */
async function aSender(t: Test, choice = allowance) {
  const team = await aTeam(t, { options: { allowance: choice } })
  const { node, bo, ops } = team
  const post = (draft: Omit<Post, 'channel'>) => node.post(bo.id, { channel: ops.id, ...draft })
  const flash = (body: string, more: Partial<Post> = {}) => post({ body, lane: 'flash', ...more })
  return { team, post, flash }
}
