/** Who may hold what follows from the directory and the certificates, as a node has them now. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { CERTIFICATE_GRACE_MS } from '#base/limits.ts'
import { newPersonId, type ChannelId, type DocumentId } from '#base/ids.ts'
import { directChannelId } from '#model/channel-id.ts'
import {
  auditDocument,
  channelDocument,
  DIRECTORY,
  KEYS,
  segmentDocument,
} from '#model/document-id.ts'
import { audienceOf, mayHold, nodesOf } from '#sync/audience.ts'
import type { SyncNode } from '../support/sync.ts'
import { aFleet, enter, makeChannel, revoke, setMember } from '../support/fleet.ts'
import { amiraOf, ops } from '../support/sync.ts'
import { virtualClock } from '../support/clock.ts'

const NAMES = ['hub', 'alpha', 'bravo', 'charlie']

test('every document is sealed for one audience', async (t) => {
  const { node } = await aFleet(t, ['alpha', 'bravo'])
  const { context, id } = node('alpha')
  const channel = await makeChannel(node('alpha'), 'private', [])
  const organisation = context.identity.organisation.id
  const audience = (document: DocumentId) => audienceOf(context, document)

  t.equal(audience(KEYS), undefined)
  t.equal(audience(DIRECTORY), organisation)
  t.equal(audience(channelDocument(ops)), organisation)
  t.equal(audience(segmentDocument(ops, 'flash', 3)), organisation)
  t.equal(audience(segmentDocument(channel, 'flash', 3)), channel)
  t.equal(audience(auditDocument(id, 2)), id)
})

test('a private channel is for hubs and its members’ nodes, its audit for hubs and the node', async (t) => {
  const { node, settle } = await aFleet(t, NAMES)
  const [alpha, bravo] = [node('alpha'), node('bravo')]
  const channel = await makeChannel(alpha, 'private', [alpha, bravo])
  await settle()

  for (const name of NAMES) {
    const seen = node(name)
    t.strictSame(namesOf(seen, channel), ['alpha', 'bravo', 'hub'], `as ${name} sees it`)
    t.strictSame(namesOf(seen, seen.context.identity.organisation.id), NAMES.toSorted())
    t.strictSame(namesOf(seen, alpha.id), ['alpha', 'hub'])
    t.equal(
      mayHold(seen.context, node('charlie').id, segmentDocument(channel, 'routine', 0)),
      false,
    )
    t.equal(mayHold(seen.context, node('charlie').id, KEYS), true)
    for (const document of [DIRECTORY, channelDocument(channel), auditDocument(alpha.id, 0)]) {
      const audience = must(audienceOf(seen.context, document), 'not the keys')
      for (const { id } of NAMES.map(node))
        t.equal(mayHold(seen.context, id, document), nodesOf(seen.context, audience).has(id))
    }
  }
  await setMember(alpha, channel, { of: bravo, role: 'none' })
  await settle()
  t.strictSame(namesOf(node('hub'), channel), ['alpha', 'hub'])
})

test('a direct channel is for the two nodes and hubs', async (t) => {
  const { node, settle } = await aFleet(t, NAMES)
  const [alpha, bravo] = [node('alpha'), node('bravo')]
  const channel = directChannelId(amiraOf(alpha.id), amiraOf(bravo.id))
  await enter(alpha, DIRECTORY, { kind: 'channel', channel, channelKind: 'direct' })
  for (const one of [alpha, bravo]) await setMember(alpha, channel, { of: one, role: 'member' })
  await settle()

  for (const name of NAMES) t.strictSame(namesOf(node(name), channel), ['alpha', 'bravo', 'hub'])
})

test('who is revoked is of no audience', async (t) => {
  const { node, settle } = await aFleet(t, NAMES)
  const channel = await makeChannel(node('alpha'), 'private', [node('alpha'), node('bravo')])
  await settle()
  await revoke(node('hub'), node('bravo'))
  await settle()

  for (const name of ['hub', 'alpha', 'charlie']) {
    const { context } = node(name)
    t.strictSame(namesOf(node(name), channel), ['alpha', 'hub'])
    t.strictSame(namesOf(node(name), context.identity.organisation.id), ['alpha', 'charlie', 'hub'])
    t.equal(mayHold(context, node('bravo').id, DIRECTORY), false)
  }
})

test('a clock by which this very node has expired ends no certificate, its own or another', async (t) => {
  const clock = virtualClock()
  const { node } = await aFleet(t, ['alpha'], { alpha: { clock } })
  const { context } = node('alpha')
  const { validUntil } = context.identity.certificate
  const inside = () => namesOf(node('alpha'), context.identity.organisation.id)

  clock.setWall(validUntil + CERTIFICATE_GRACE_MS)
  t.strictSame(inside(), ['alpha'])
  clock.setWall(validUntil + CERTIFICATE_GRACE_MS + 1)
  t.strictSame(inside(), ['alpha'])
  clock.setWall(0)
  t.strictSame(inside(), ['alpha'])
})

test('people whose node nobody knows add nobody', async (t) => {
  const { node } = await aFleet(t, ['alpha', 'bravo'])
  const channel = await makeChannel(node('alpha'), 'private', [node('alpha')])
  const person = newPersonId('y'.repeat(26) as never, new Uint8Array(8))
  await enter(node('alpha'), DIRECTORY, { kind: 'member', channel, person, role: 'member' })

  t.strictSame(namesOf(node('alpha'), channel), ['alpha'])
})

function namesOf({ context }: SyncNode, audience: string): readonly string[] {
  return [...nodesOf(context, audience as ChannelId)]
    .map((id) => context.roster.byNode(id)?.name ?? 'nobody')
    .toSorted()
}
