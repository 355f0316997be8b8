/** Attacks by what is written: other people's names, other people's messages, other channels, other lists. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { newPersonId, type ChannelId, type PostId, type Step } from '#base/ids.ts'
import { newChannelId } from '#model/channel-id.ts'
import {
  auditDocument,
  channelDocument,
  DIRECTORY,
  KEYS,
  segmentDocument,
} from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import type { ForkBranch } from '#model/fork-content.ts'
import { postIdOf } from '#model/log.ts'
import { stepOf, trailAfter, upTo } from '#model/trail.ts'
import type { MessageRecord } from '#model/view.ts'
import { audit } from '#sync/audit.ts'
import { writeHere } from '#sync/author.ts'
import { ensureEpoch, sealingKeyFor } from '#sync/epochs.ts'
import { key } from '#sync/keys.ts'
import { forkOf } from '#sync/list-end.ts'
import { unpack } from '#sync/records.ts'
import { attestationOf, type Attested } from '#trust/attestation.ts'
import { epochOf, wrapEpoch } from '#trust/epoch.ts'
import type { Identity } from '#trust/identity.ts'
import { anInsider, keyUnder, unnamed } from '../support/adversary.ts'
import { revocationBy } from '../support/fleet.ts'
import { anIdentity, organisation, seedOf } from '../support/nodes.ts'
import {
  amend,
  amira,
  amiraOf,
  arrive,
  aSync,
  bodies,
  envelopeOf,
  found,
  ops,
  routine,
  say,
  shown,
  type SyncNode,
} from '../support/sync.ts'

const people = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2), anIdentity('charlie', 3)]
const mallory = anIdentity('mallory', 9)
const knows = [...people, mallory]
const aPost = (body: string, root?: PostId): Content => ({ kind: 'post', body, root })

test('a message in a foreign name is taken by nobody, and named', async (t) => {
  const { alpha } = await aPublicChannel()
  const insider = anInsider(mallory, { knows: people })
  insider.write(routine, { author: amira, content: aPost('amira said so') })

  const { outcome } = await arrive(alpha, insider.envelope(routine))

  t.equal(outcome.kind, 'refused')
  t.strictSame(await unnamed(alpha, 'foreignAuthor'), [])
  t.strictSame(await bodies(alpha), ['honest'])
})

test('what stands under another nodes list, signed by oneself, is vouched for by nobody', async (t) => {
  const { alpha, bravo } = await aPublicChannel()
  const insider = anInsider(mallory, { knows: people })
  const posing = anInsider(must(people[1], 'bravo'), { knows: [...people, mallory] })
  const forged = posing.write(routine, {
    author: amiraOf(bravo.id),
    content: aPost('bravo said so'),
  })
  const signature = insider.attest(routine, upTo(posing.list(routine), forged))

  for (const lie of [
    { attestations: new Map([[posing.actor, signature]]) },
    { sender: posing.identity.certificate, life: posing.life, signature },
    { sender: posing.identity.certificate, life: posing.life, signature: 'none' as const },
  ])
    t.match(await arrive(alpha, insider.envelope(routine, lie, [forged])), {
      outcome: { kind: 'refused', reason: 'not vouched for' },
    })

  t.strictSame(await unnamed(alpha, 'unvouched'), [])
  t.strictSame(await bodies(alpha), ['honest'])
})

test('an old signature does not vouch for a newer change, nor one of another document', async (t) => {
  const { alpha } = await aPublicChannel()
  const insider = anInsider(mallory, { knows: people })
  const first = insider.write(routine, { author: insider.person, content: aPost('one') })
  insider.write(routine, { author: insider.person, content: aPost('two') })
  const other = segmentDocument(ops, 'flash', 0)

  const before = upTo(insider.list(routine), first)

  const old = insider.envelope(routine, { signature: insider.attest(routine, before) })
  const elsewhere = insider.envelope(routine, { signature: insider.attest(other, before) })

  for (const bytes of [old, elsewhere])
    t.match(await arrive(alpha, bytes), { outcome: { kind: 'refused' } })
  t.strictSame(await unnamed(alpha, 'unvouched', 'unsigned'), [])
  t.strictSame(await bodies(alpha), ['honest'])
})

test('nobody edits, deletes or unsays what another wrote, also not before it was written', async (t) => {
  const { alpha, bravo } = await aPublicChannel()
  const insider = anInsider(mallory, { knows: people })
  const target = must((await shown(alpha))[0], 'there is a message').id
  const next = postIdOf(routine, alpha.actor, 2)
  const author = insider.person
  await declareAdministrator(alpha, insider)
  for (const id of [target, next]) {
    insider.write(routine, { author, content: { kind: 'edit', target: id, body: 'edited' } })
    insider.write(routine, { author, content: { kind: 'deletion', target: id } })
  }
  await arrive(alpha, insider.envelope(routine))
  await arrive(bravo, insider.envelope(routine))
  await say(alpha, 'written later')
  await arrive(bravo, await envelopeOf(alpha, routine))

  t.strictSame(await bodies(alpha), ['honest', 'written later'])
  t.strictSame(await bodies(bravo), ['honest', 'written later'])
  for (const node of [alpha, bravo]) t.strictSame(await unnamed(node, 'othersMessage'), [])
})

test('what refers to a message from another channel changes nothing there', async (t) => {
  const { alpha, bravo, channel, secret } = await aPrivateMessage()
  const insider = anInsider(mallory, { knows: people })
  const author = insider.person
  insider.write(routine, {
    author,
    content: { kind: 'reaction', target: secret.id, emoji: 'eyes', isSet: true },
  })
  insider.write(routine, { author, content: aPost('seen from outside', secret.id) })
  const early = postIdOf(segmentDocument(channel, 'routine', 0), alpha.actor, 2)
  insider.write(routine, {
    author,
    content: { kind: 'reaction', target: early, emoji: 'eyes', isSet: true },
  })
  insider.write(routine, { author, content: aPost('early', early) })

  for (const node of [alpha, bravo]) await arrive(node, insider.envelope(routine))
  const later = await write(alpha, segmentDocument(channel, 'routine', 0), aPost('a second one'))
  await arrive(bravo, await envelopeOf(alpha, segmentDocument(channel, 'routine', 0)))

  t.equal(later.id, early)
  for (const node of [alpha, bravo]) t.strictSame(await unnamed(node, 'otherChannel'), [])
  for (const node of [alpha, bravo])
    for (const id of [secret.id, later.id]) {
      const message = await messageOn(node, id)
      t.match(message, { reactions: [], replyCount: 0 })
      t.strictSame(message?.reactions, [])
    }
})

test('who is not in a private channel writes nothing into it, under whatever epoch', async (t) => {
  const { alpha, bravo, channel } = await aPrivateMessage()
  const insider = anInsider(mallory, { knows: people })
  const document = segmentDocument(channel, 'routine', 0)
  const secret = seedOf('an epoch by mallory')
  const epoch = epochOf(organisation.suite, {
    audience: channel,
    number: 5,
    maker: insider.node,
    secret,
  })
  const wraps = [alpha, bravo].map((node) => {
    const { name, publicBytes } = must(node.context.keyBook().sealingKey(node.id), 'a key')
    const { secret: shared, ciphertext } = insider.pairWith(publicBytes)
    const { seq } = insider.write(KEYS, { content: { kind: 'pair', keyName: name, ciphertext } })
    return { pair: seq, bytes: wrapEpoch(organisation.suite, shared, epoch) }
  })
  insider.write(KEYS, {
    content: {
      kind: 'epoch',
      audience: channel,
      number: 5,
      epoch: epoch.id,
      maker: undefined,
      wraps,
    },
  })
  insider.write(document, { author: insider.person, content: aPost('I was never here') })

  for (const node of [alpha, bravo]) {
    await arrive(node, insider.envelope(KEYS))
    await arrive(node, insider.envelope(document, { key: keyUnder(channel, epoch) }))
  }

  for (const node of [alpha, bravo])
    t.equal(await messageOn(node, postIdOf(document, insider.actor, 1)), undefined)
  t.strictSame(await unnamed(alpha, 'notOfAudience', 'outsidersEpoch'), [])
})

test('an entry in a document it does not belong in breaks a rule', async (t) => {
  const { alpha } = await aPublicChannel()
  const second = anInsider(mallory, { knows: people, life: 'two' })
  for (const [document, content] of [
    [KEYS, aPost('hidden here')],
    [DIRECTORY, revocationBy(alpha, { node: alpha.id, since: 0 })],
    [channelDocument(ops), aPost('settings')],
    [routine, { kind: 'member', channel: ops, person: second.person, role: 'administrator' }],
  ] as const satisfies readonly (readonly [unknown, Content])[]) {
    const insider = anInsider(mallory, { knows: people, life: document })
    insider.write(document, { author: insider.person, content })
    t.equal((await arrive(alpha, insider.envelope(document))).outcome.kind, 'refused')
  }
  t.strictSame(await unnamed(alpha, 'wrongDocument'), [])
})

test('a hub in wrong hands writes nothing into the audit of another node', async (t) => {
  const seized = anIdentity('seized', 8, 'hub')
  const { alpha, bravo } = await aPublicChannel([seized])
  const document = auditDocument(bravo.id, 0)
  const sealing = await bravo.context.replica.commit(async (tx) => {
    await audit(tx, bravo.context, { deed: 'config loaded' })
    return sealingKeyFor(tx, bravo.context, document)
  })
  for (const each of [KEYS, document]) await arrive(alpha, await envelopeOf(bravo, each))
  const insider = anInsider(seized, { knows: people })
  const content: Content = {
    kind: 'audit',
    deed: 'drill held',
    result: 'done',
    count: 1,
    subjects: [],
    facts: {},
  }
  insider.write(document, { content })

  const { outcome } = await arrive(
    alpha,
    insider.envelope(document, { key: must(sealing, 'a key') }),
  )

  t.equal(outcome.kind, 'refused')
  t.strictSame(await unnamed(alpha, 'foreignList'), [])
})

test('an entry of an unknown kind is kept, shows nothing and passes for nothing', async (t) => {
  const { alpha, bravo } = await aPublicChannel()
  const insider = anInsider(mallory, { knows: people })
  insider.writeRaw(routine, Uint8Array.of(0x94, 0x7f, 0xc0, 0x00, 0x00))
  insider.writeRaw(routine, Uint8Array.of(0xc1))
  insider.write(routine, { author: insider.person, content: aPost('after them') })

  await arrive(alpha, insider.envelope(routine))
  await arrive(bravo, await envelopeOf(alpha, routine))

  t.strictSame(await bodies(bravo), ['honest', 'after them'].toSorted())
  t.strictSame((await bodies(alpha)).toSorted(), (await bodies(bravo)).toSorted())
})

test('places and counters at their ends misplace their own author only', async (t) => {
  const { alpha, bravo } = await aPublicChannel()
  const insider = anInsider(mallory, { knows: people })
  insider.write(routine, {
    author: insider.person,
    claimedAt: 900_000_000_000_000,
    placeAt: 900_000_000_000_000,
    content: aPost('for ever the last'),
  })
  await arrive(alpha, insider.envelope(routine))
  const own = await say(alpha, 'before lunch')
  await amend(alpha, { kind: 'edit', target: own.id, body: 'after lunch' })
  await arrive(bravo, insider.envelope(routine))
  await arrive(bravo, await envelopeOf(alpha, routine))

  for (const node of [alpha, bravo])
    t.strictSame(await bodies(node), ['honest', 'for ever the last', 'after lunch'])
})

test('a fork proof made of an honest nodes own pieces ends no list', async (t) => {
  const { alpha, bravo } = await aPublicChannel()
  await say(bravo, 'one more')
  const log = await bravo.context.replica.commit((tx) => tx.log(routine))
  const { trail: before, ...end } = upTo(log, { actor: bravo.actor, seq: 0 })
  const [step, other] = [must(log.find(bravo.actor, 1), 'bravo wrote'), log.genesis].map(
    ({ hash }) => stepOf(hash),
  ) as [Step, Step]
  const signed = (steps: readonly Step[], list: Partial<Attested> = {}): Uint8Array => {
    const attested = { ...end, seq: steps.length, trail: trailAfter(before, steps), ...list }
    return bravo.context.identity.sign(attestationOf(organisation.id, attested))
  }
  const insider = anInsider(mallory, { knows: people })
  const life = anInsider(must(people[1], 'bravo'), { knows: [], life: 'another' }).actor
  const honest = { steps: [step], signature: signed([step]) }
  const others = [
    honest,
    { ...honest, steps: [other] },
    { steps: [other], signature: signed([other], { actor: life }) },
    { steps: [other], signature: signed([other], { document: DIRECTORY }) },
    { steps: [other, step], signature: signed([other, step], { seq: 1 }) },
    {
      steps: [other],
      signature: insider.attest(routine, { ...end, seq: 1, trail: trailAfter(before, [other]) }),
    },
  ]
  const prove = (branch: ForkBranch): void => {
    const list = { document: routine, actor: bravo.actor, seq: 1, before }
    insider.write(KEYS, { content: { kind: 'fork', ...list, branches: [honest, branch] } })
  }
  for (const branch of others) prove(branch)

  await arrive(alpha, await envelopeOf(bravo, routine))
  await arrive(alpha, insider.envelope(KEYS))

  t.strictSame(await unnamed(alpha, 'forkUnproved'), [])
  t.equal((await forkOf(alpha.context.replica.read, end)).forkAt, undefined)
  prove({ steps: [other], signature: signed([other]) })
  await arrive(alpha, insider.envelope(KEYS))
  t.equal((await forkOf(alpha.context.replica.read, end)).forkAt, 1, 'what the node signed does')
})

async function messageOn({ context }: SyncNode, id: PostId): Promise<MessageRecord | undefined> {
  return unpack<MessageRecord>(await context.replica.read.get(key.message(id)))
}

async function declareAdministrator(
  node: SyncNode,
  insider: ReturnType<typeof anInsider>,
): Promise<void> {
  const profile = { username: 'mallory', displayName: 'Mallory', isAdministrator: true }
  insider.write(DIRECTORY, { content: { kind: 'person', person: insider.person, profile } })
  await arrive(node, insider.envelope(DIRECTORY))
}

async function aPublicChannel(others: readonly Identity[] = []) {
  const alpha = await aSync('alpha', { role: 'hub', knows: [...knows, ...others] })
  const bravo = await aSync('bravo', { knows: [...knows, ...others] })
  await found(alpha)
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
  await say(alpha, 'honest')
  await arrive(bravo, await envelopeOf(alpha, routine))
  return { alpha, bravo }
}

async function write(
  { context }: SyncNode,
  document: Parameters<typeof writeHere>[2]['document'],
  content: Content,
): Promise<{ readonly id: PostId }> {
  const entry = {
    author: amiraOf(context.identity.certificate.node),
    claimedAt: context.now(),
    content,
  }
  const { logged } = await context.replica.commit((tx) =>
    writeHere(tx, context, { document, entry }),
  )
  return { id: postIdOf(document, logged.actor, logged.seq) }
}

/** A private channel of alpha and bravo with one message, which both have. */
async function aPrivateMessage() {
  const { alpha, bravo } = await aPublicChannel()
  const channel: ChannelId = newChannelId(alpha.id, 'private', seedOf('secret').subarray(0, 8))
  await write(alpha, DIRECTORY, { kind: 'channel', channel, channelKind: 'private' })
  for (const person of [
    amira,
    amiraOf(bravo.id),
    newPersonId(bravo.id, seedOf('x').subarray(0, 8)),
  ])
    await write(alpha, DIRECTORY, { kind: 'member', channel, person, role: 'member' })
  await alpha.context.replica.commit((tx) => ensureEpoch(tx, alpha.context, channel))
  const document = segmentDocument(channel, 'routine', 0)
  const secret = await write(alpha, document, aPost('nine line follows'))
  for (const each of [KEYS, DIRECTORY, document]) await arrive(bravo, await envelopeOf(alpha, each))
  return { alpha, bravo, channel, secret }
}
