import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import type { EdgeNode } from '#app/node.ts'
import type { SearchRequest } from '#app/search-types.ts'
import { SEARCH_RESULTS_MAX } from '#search/limits.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { virtualClock } from '../support/clock.ts'
import { aNode, aWorkspace } from '../support/nodes.ts'

const PLAIN = { isAny: false, withArchived: false, offsetMs: 0, page: 0, limit: 60 }

function finder(node: EdgeNode, subject: UserId) {
  return async (text: string, more: Partial<SearchRequest> = {}): Promise<readonly string[]> => {
    const { messages } = await node.search(subject, { ...PLAIN, text, ...more })
    return messages.map(({ body }) => body)
  }
}

async function aTalk(t: Test, bodies: readonly string[]) {
  const clock = virtualClock()
  const store = openMemoryStore()
  const workspace = await aWorkspace('alpha', { role: 'hub', clock, store })
  t.teardown(() => workspace.node[Symbol.asyncDispose]())
  const { node, amira, bo, square } = workspace
  await node.addMember(amira.id, square.id, bo.id)
  const say = async (body: string, by = amira.id, channel: ChannelId = square.id) => {
    await clock.advance(1_000)
    return node.post(by, { channel, body })
  }
  for (const body of bodies) await say(body)
  return { ...workspace, clock, store, say, find: finder(node, bo.id) }
}

test('words are found in many languages, without case and accents', async (t) => {
  const bodies = [
    'Der Müller fährt über die Straße',
    'Ёлка стоит в лесу',
    'وصلت الإمداداتُ إلى المستودع',
    '明日の朝、東京駅で会いましょう',
    '医疗队已经到达难民营',
    'ทีมแพทย์มาถึงค่ายแล้ว',
    'ሓገዝ ሕክምና ደሊና ኣለና',
    'การ 한국어 메시지',
  ]
  const { find } = await aTalk(t, bodies)
  const asked: readonly (readonly [string, number])[] = [
    ['muller', 0],
    ['MÜLLER fahrt', 0],
    ['strasse', 0],
    ['елка', 1],
    ['ЛЕСУ', 1],
    ['الامدادات', 2],
    ['المستودع', 2],
    ['東京', 3],
    ['会いま', 3],
    ['难民', 4],
    ['แพทย์', 5],
    ['ሕክምና', 6],
    ['메시지', 7],
  ]
  for (const [text, number] of asked) t.strictSame(await find(text), [bodies[number]], text)
  t.strictSame(await find('京東'), [], 'in another order it is another word')
})

test('phrases, beginnings, exclusions, hashtags, and one word of several', async (t) => {
  const { find } = await aTalk(t, [
    'water pump broken',
    'the pump has water',
    'waterfall near camp #medevac',
    'medevac at noon',
  ])

  t.strictSame(await find('water pump'), ['the pump has water', 'water pump broken'])
  t.strictSame(await find('"water pump"'), ['water pump broken'])
  t.strictSame(await find('water -broken'), ['the pump has water'])
  t.strictSame(await find('waterf*'), ['waterfall near camp #medevac'])
  t.strictSame(await find('#medevac'), ['waterfall near camp #medevac'])
  t.strictSame(await find('medevac'), ['medevac at noon', 'waterfall near camp #medevac'])
  t.strictSame(await find('noon broken', { isAny: true }), ['medevac at noon', 'water pump broken'])
  t.strictSame(await find('noon broken'), [])
  t.strictSame(await find('-pump -"at noon"'), ['waterfall near camp #medevac'])
})

test('filters by writer, channel, day, and what a message has', async (t) => {
  const { node, amira, bo, clock, say, find } = await aTalk(t, ['report one'])
  await say('report two see https://example.org/x', bo.id)
  const { id: direct } = await node.directChannel(amira.id, bo.id)
  await say('report three', amira.id, direct)
  await clock.advance(86_400_000)
  const { id: last } = await say('report four')
  await node.react(bo.id, last, 'thumbsup')
  const day = (offset: number): string =>
    new Date(clock.now() + offset * 86_400_000).toISOString().slice(0, 10)

  t.strictSame(await find('report from:@bo'), ['report two see https://example.org/x'])
  t.strictSame(await find('from: bo'), ['report two see https://example.org/x'])
  t.strictSame(await find('report -from:amira'), ['report two see https://example.org/x'])
  t.strictSame(await find('report in:@amira'), ['report three'])
  t.strictSame(await find('report -in:town-square'), ['report three'])
  t.strictSame(await find('in:town-square from:amira'), ['report four', 'report one'])
  t.strictSame(await find(`report on:${day(0)}`), ['report four'])
  t.strictSame(await find(`report after:${day(-1)}`), ['report four'])
  t.equal((await find(`report before:${day(0)}`)).length, 3)
  t.strictSame(await find('report has:link'), ['report two see https://example.org/x'])
  t.strictSame(await find('has:reaction'), ['report four'])
  t.strictSame(await find('report has:file'), [])
  t.strictSame(await find('report from:nobody'), [])
  await t.rejects(find('on:2026-02-30'), { code: 'INPUT_INVALID' })
  await t.rejects(find('has:nothing'), { code: 'INPUT_INVALID' })
})

test('what somebody may not read is neither found nor counted', async (t) => {
  const { node, amira, bo, say, find } = await aTalk(t, [])
  const secret = await node.createChannel(amira.id, {
    kind: 'private',
    name: 'secret',
    displayName: 'Secret',
    members: [bo.id],
  })
  await say('the convoy leaves at dawn', amira.id, secret.id)
  t.strictSame(await find('convoy'), ['the convoy leaves at dawn'])

  await node.removeMember(amira.id, secret.id, bo.id)

  for (const text of [
    'convoy',
    'convoy in:secret',
    `in:${secret.id}`,
    'from:amira',
    '-xyz',
    'c*',
  ]) {
    const { messages, matches, gaps } = await node.search(bo.id, { ...PLAIN, text })
    t.strictSame([messages, matches.size, gaps], [[], 0, []], text)
  }
  t.strictSame(await finder(node, amira.id)('convoy'), ['the convoy leaves at dawn'])
})

test('an edit is found at once by its new words, and what is deleted by none', async (t) => {
  const { node, amira, say, find } = await aTalk(t, [])
  const { id } = await say('meet at the bridge')
  await say('nothing else')
  t.strictSame(await find('bridge'), ['meet at the bridge'])

  await node.edit(amira.id, id, 'meet at the harbour')
  t.strictSame([await find('bridge'), await find('harbour')], [[], ['meet at the harbour']])

  await node.deletePost(amira.id, id)
  t.strictSame([await find('harbour'), await find('from:amira')], [[], ['nothing else']])
})

test('pages follow one another, the newest first, up to a limit that is told', async (t) => {
  const { find, node, bo } = await aTalk(
    t,
    ['0', '1', '2', '3', '4'].map((n) => `entry ${n}`),
  )

  t.strictSame(await find('entry', { limit: 2 }), ['entry 4', 'entry 3'])
  t.strictSame(await find('entry', { limit: 2, page: 2 }), ['entry 0'])
  t.strictSame(await find('entry', { limit: 2, page: 3 }), [])
  const far = { ...PLAIN, text: 'entry', limit: 100, page: SEARCH_RESULTS_MAX / 100 }
  t.match(await node.search(bo.id, far), { messages: [], isCut: true })
  t.match(await node.search(bo.id, { ...PLAIN, text: 'entry' }), {
    isCut: false,
    isIndexWhole: true,
  })
})

test('a node that is opened again finds what it found before', async (t) => {
  const { node, bo, store, clock, find } = await aTalk(t, ['before the restart'])
  t.strictSame(await find('restart'), ['before the restart'])
  await node[Symbol.asyncDispose]()

  const again = await aNode('alpha', { role: 'hub', clock, store })
  t.teardown(() => again[Symbol.asyncDispose]())

  t.strictSame(await finder(again, must(bo, 'bo is there').id)('restart'), ['before the restart'])
})
