import { test, type Test } from 'tap'
import { EMOJI_PER_MESSAGE_MAX } from '#base/limits.ts'
import { idFromBytes, type PostId } from '#base/ids.ts'
import { aWorkspace, seedOf, type NodeChoice, type Workspace } from '../support/nodes.ts'

const nobody = idFromBytes<PostId>(seedOf('no message').subarray(0, 16))

test('whoever reads a checklist ticks its items; an edit says anew how its boxes stand', async (t) => {
  const { node, amira, bo, square } = await aPlace(t)
  const body = '- [ ] pump\n- [ ] fuel'
  const { id } = await node.post(amira.id, { channel: square.id, body })
  const tick = (item: string, isSet = true): Promise<{ body: string }> =>
    node.tick(bo.id, id, { item, before: 0, isSet })

  t.match(await tick('fuel'), { body: '- [ ] pump\n- [x] fuel', editedAt: 0 })
  t.match(await tick('fuel'), { body: '- [ ] pump\n- [x] fuel' })
  t.match(await node.tick(amira.id, id, { item: 'pump', before: 0, isSet: true }), {
    body: '- [x] pump\n- [x] fuel',
  })
  t.match(await tick('pump', false), { body: '- [ ] pump\n- [x] fuel' })
  await t.rejects(tick('water'), { code: 'INPUT_INVALID', facts: { field: 'item' } })
  await t.rejects(node.tick(bo.id, id, { item: 'fuel', before: 1, isSet: true }), {
    code: 'INPUT_INVALID',
  })
  t.match(await node.edit(amira.id, id, body), { body })
  t.match(await node.message(bo.id, id), { body })
  await node.deletePost(amira.id, id)
  await t.rejects(tick('fuel'), { code: 'NOT_FOUND' })
})

test('only the author edits, and it shows', async (t) => {
  const { node, amira, bo, square } = await aPlace(t)
  const message = await node.post(bo.id, { channel: square.id, body: 'befor' })

  const edited = await node.edit(bo.id, message.id, 'before')

  t.match(edited, { body: 'before', id: message.id })
  t.ok(edited.editedAt)
  await t.rejects(node.edit(amira.id, message.id, 'mine now'), {
    code: 'NOT_ALLOWED',
    facts: { found: 'not the author' },
  })
  await t.rejects(node.edit(bo.id, message.id, ''), { code: 'INPUT_INVALID' })
  await t.rejects(node.edit(bo.id, nobody, 'what'), { code: 'NOT_FOUND' })
})

test('an edit to what it says already changes nothing', async (t) => {
  const { node, amira, square } = await aPlace(t)
  const message = await node.post(amira.id, { channel: square.id, body: 'same' })

  t.strictSame(await node.edit(amira.id, message.id, 'same'), message)
})

test('an author and an administrator may delete, others may not', async (t) => {
  const { node, amira, bo, square } = await aPlace(t)
  const [byBo, second, byAmira] = [
    await node.post(bo.id, { channel: square.id, body: 'one' }),
    await node.post(bo.id, { channel: square.id, body: 'two' }),
    await node.post(amira.id, { channel: square.id, body: 'three' }),
  ]

  await t.rejects(node.deletePost(bo.id, byAmira.id), { code: 'NOT_ALLOWED' })
  await node.deletePost(bo.id, byBo.id)
  await node.deletePost(amira.id, second.id)

  for (const { id } of [byBo, second]) {
    const message = await node.message(amira.id, id)
    t.equal(message.body, '')
    t.ok(message.deletedAt)
  }
})

test('what is deleted stays so: it is neither edited nor reacted to, and deleting it again is done already', async (t) => {
  const { node, amira, square } = await aPlace(t)
  const { id } = await node.post(amira.id, { channel: square.id, body: 'one' })
  await node.deletePost(amira.id, id)
  const deleted = await node.message(amira.id, id)

  await t.rejects(node.edit(amira.id, id, 'back'), { code: 'NOT_FOUND' })
  await t.rejects(node.react(amira.id, id, 'heart'), { code: 'NOT_FOUND' })
  await node.deletePost(amira.id, id)
  t.strictSame(await node.message(amira.id, id), deleted)
})

test('a reaction is set once and taken away', async (t) => {
  const { node, amira, bo, square } = await aPlace(t)
  const { id } = await node.post(amira.id, { channel: square.id, body: 'one' })

  const reaction = await node.react(bo.id, id, 'heart')
  t.match(reaction, { person: bo.id, emoji: 'heart' })
  t.strictSame(await node.react(bo.id, id, 'heart'), reaction)
  await node.react(amira.id, id, 'heart')
  t.equal((await node.message(bo.id, id)).reactions.length, 2)

  await node.unreact(bo.id, id, 'heart')
  await node.unreact(bo.id, id, 'heart')
  t.match((await node.message(bo.id, id)).reactions, [{ person: amira.id }])
  await t.rejects(node.react(bo.id, id, 'not an emoji'), { code: 'INPUT_INVALID' })
})

test('a message takes only so many different emoji, and any number of each', async (t) => {
  const { node, amira, bo, square } = await aPlace(t)
  const { id } = await node.post(amira.id, { channel: square.id, body: 'hi' })
  for (let at = 0; at < EMOJI_PER_MESSAGE_MAX; at += 1) await node.react(bo.id, id, `emoji_${at}`)

  await t.rejects(node.react(bo.id, id, 'one_more'), {
    code: 'INPUT_INVALID',
    facts: { field: 'emoji_name' },
  })

  await node.react(amira.id, id, 'emoji_7')
  await node.unreact(bo.id, id, 'emoji_8')
  t.equal((await node.message(bo.id, id)).reactions.length, EMOJI_PER_MESSAGE_MAX)
})

async function aPlace(t: Test, choice: NodeChoice = {}): Promise<Workspace> {
  const place = await aWorkspace('alpha', choice)
  t.teardown(place.node[Symbol.asyncDispose])
  return place
}
