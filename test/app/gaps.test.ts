/** The report of gaps as people get it: sums for all, single documents for those who may know of them. */
import { test, type Test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import type { GapReport } from '#app/gap-types.ts'
import { must } from '#base/assert.ts'
import type { UserId } from '#base/ids.ts'
import { aChannelDraft, twoNodes } from '../support/app.ts'
import { anAdministrator, aPerson, until } from '../support/nodes.ts'

test('a node that has been given nothing yet lacks all, and nothing once it has signed for it', async (t) => {
  const { alpha, amira, meet, bravo } = await aPair(t)
  const square = must((await alpha.channelsOf(amira.id))[0], 'the first channel')
  await alpha.post(amira.id, { channel: square.id, body: 'fire', lane: 'flash' })

  const before = await gapsOf(alpha, amira.id)
  t.strictSame(
    before.nodes.map(({ node }) => node.name),
    ['bravo'],
  )
  const flash = before.documents.filter(({ kind, lane }) => kind === 'messages' && lane === 'flash')
  t.match(flash, [{ channel: { name: 'town-square' }, lackedBy: [{ node: 'bravo', changes: 1 }] }])
  t.ok(before.nodes[0]?.lacks.every(({ bytes }) => bytes !== undefined))

  meet()
  await until([alpha, bravo], async () => (await gapsOf(alpha, amira.id)).nodes.length === 0)
  t.match(await gapsOf(alpha, amira.id), { lacking: [], nodes: [], documents: [], pages: 1 })
})

test('which channels there is traffic in is for their members and administrators', async (t) => {
  const { alpha, amira } = await aPair(t)
  const bo = await alpha.enrolPerson(amira.id, aPerson('bo'))
  const chen = await alpha.enrolPerson(amira.id, aPerson('chen'))
  const draft = { ...aChannelDraft('secret', { members: [bo.id] }), kind: 'private' as const }
  const secret = await alpha.createChannel(amira.id, draft)
  await alpha.post(bo.id, { channel: secret.id, body: 'hush', lane: 'priority' })
  const seen = async (person: UserId) => {
    const { documents, nodes } = await gapsOf(alpha, person)
    const names = new Set(documents.flatMap(({ channel }) => channel?.name ?? []))
    const lanes = nodes.flatMap(({ lacks }) => lacks.map(({ lane }) => lane))
    return { names: [...names].toSorted(), kinds: documents.map(({ kind }) => kind), lanes }
  }

  const [toAmira, toBo, toChen] = [await seen(amira.id), await seen(bo.id), await seen(chen.id)]

  t.ok(toAmira.kinds.includes('keys'))
  t.notOk(toChen.kinds.includes('keys'), 'what is no channel of theirs')
  t.notOk(toChen.names.includes('secret'))
  t.strictSame(toChen.lanes, toAmira.lanes, 'sums are for everybody')
  t.notOk(JSON.stringify(await gapsOf(alpha, chen.id)).includes(secret.id))
  t.strictSame(toBo.names.includes('secret'), toAmira.names.includes('secret'))
})

test('a guest is told of their channels, and of no node', async (t) => {
  const { alpha, amira } = await aPair(t)
  const eva = await alpha.enrolPerson(amira.id, aPerson('eva'))
  await alpha.changePolicy(amira.id, {
    about: 'person',
    person: eva.id,
    attributes: { role: 'guest' },
  })
  const draft = { ...aChannelDraft('room', { members: [eva.id] }), kind: 'private' as const }
  const room = await alpha.createChannel(amira.id, draft)
  await alpha.post(amira.id, { channel: room.id, body: 'come in', lane: 'priority' })
  await alpha.createChannel(amira.id, aChannelDraft('hall'))

  const [toAmira, toEva] = [await gapsOf(alpha, amira.id), await gapsOf(alpha, eva.id)]

  t.ok(toAmira.nodes.length > 0)
  const told = JSON.stringify(toEva)
  for (const word of ['bravo', 'hall', 'town-square']) t.notOk(told.includes(word), word)
  t.ok(toEva.documents.every(({ channel }) => channel?.id === room.id))
})

test('a report has pages, and says how many', async (t) => {
  const { alpha, amira } = await aPair(t)

  const whole = await gapsOf(alpha, amira.id)
  const count = whole.documents.length
  const pages: GapReport[] = []
  for (let page = 0; page < Math.ceil(count / 2); page += 1)
    pages.push(await alpha.gaps(amira.id, { page, limit: 2 }))

  t.ok(count > 2)
  t.strictSame(
    pages.flatMap(({ documents }) => documents.map(({ kind, lane }) => `${kind} ${lane}`)),
    whole.documents.map(({ kind, lane }) => `${kind} ${lane}`),
  )
  t.ok(pages.every(({ pages: all }) => all === pages.length))
})

function gapsOf(node: EdgeNode, subject: UserId): Promise<GapReport> {
  return node.gaps(subject, { page: 0, limit: 500 })
}

async function aPair(t: Test) {
  const pair = await twoNodes(t)
  const amira = await anAdministrator(pair.alpha, 'amira')
  return { ...pair, amira }
}
