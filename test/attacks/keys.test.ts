/** Attacks on secrets and on who is believed: epochs that others would adopt, wraps, revocations, certificates. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { ChannelId } from '#base/ids.ts'
import { kindOfChannel, newChannelId } from '#model/channel-id.ts'
import { channelDocument, DIRECTORY, KEYS } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import { audienceOf, nodesOf } from '#sync/audience.ts'
import { ensureEpoch, heldAudiences, rotate } from '#sync/epochs.ts'
import { writeHere } from '#sync/author.ts'
import { orderHere } from '#sync/orders.ts'
import { EPOCH_NUMBER_MAX, epochOf, wrapEpoch, type AudienceId, type Epoch } from '#trust/epoch.ts'
import { sealingPair } from '#trust/sealing-key.ts'
import { anInsider, unnamed, type Insider } from '../support/adversary.ts'
import { revokeSince } from '../support/fleet.ts'
import { anIdentity, organisation, seedOf } from '../support/nodes.ts'
import { amiraOf, arrive, aSync, envelopeOf, found, type SyncNode } from '../support/sync.ts'

const people = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2), anIdentity('charlie', 3)]
const mallory = anIdentity('mallory', 9)
const knows = [...people, mallory]
const { suite } = organisation

test('an epoch that an outsider made of a private channel, in a members name, is adopted by nobody', async (t) => {
  const { alpha, bravo, channel } = await aPrivateChannel()
  const insider = anInsider(mallory, { knows: people })
  const epoch = epochOf(suite, {
    audience: channel,
    number: 1_000,
    maker: alpha.id,
    secret: seedOf('what mallory knows'),
  })
  announce(insider, { epoch, makerNamed: true, readers: [alpha, bravo] })

  const { outcome } = await arrive(bravo, insider.envelope(KEYS))
  await arrive(alpha, insider.envelope(KEYS))

  t.equal(outcome.kind, 'applied')
  t.not((await sealedUnder(alpha, channel))?.id, epoch.id)
  t.not((await sealedUnder(bravo, channel))?.id, epoch.id)
  t.equal((await sealedUnder(alpha, channel))?.id, (await sealedUnder(bravo, channel))?.id)
  for (const node of [alpha, bravo]) t.strictSame(await unnamed(node, 'outsidersEpoch'), [])
})

test('an epoch that a node made before it was revoked, in another name, does not outlive it', async (t) => {
  const { alpha, bravo } = await aPair()
  const insider = anInsider(mallory, { knows: people })
  const epoch = epochOf(suite, {
    audience: organisation.id,
    number: EPOCH_NUMBER_MAX,
    maker: alpha.id,
    secret: seedOf('prepared'),
  })
  announce(insider, { epoch, makerNamed: true, readers: [alpha, bravo] })
  for (const node of [alpha, bravo]) await arrive(node, insider.envelope(KEYS))
  await revokeSince(alpha, insider.node, 0)
  const next = await sealedUnder(alpha, organisation.id)
  await arrive(bravo, await envelopeOf(alpha, KEYS))

  t.not(next?.id, epoch.id)
  t.equal((await sealedUnder(bravo, organisation.id))?.id, next?.id)
})

test('an epoch that nobody has keeps no one from making and covering a good one', async (t) => {
  const { alpha, bravo } = await aPair()
  const insider = anInsider(mallory, { knows: people })
  for (const maker of [alpha.id, bravo.id, undefined])
    insider.write(KEYS, {
      content: {
        kind: 'epoch',
        audience: organisation.id,
        number: EPOCH_NUMBER_MAX,
        epoch: 'ab'.repeat(16),
        maker,
        wraps: [],
      },
    })
  for (const node of [alpha, bravo]) await arrive(node, insider.envelope(KEYS))
  await revokeSince(alpha, mallory.certificate.node, 0)
  const made = await sealedUnder(alpha, organisation.id)
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  await using charlie = await aSync('charlie', { knows })
  await arrive(alpha, await envelopeOf(charlie, KEYS))
  await arrive(charlie, await envelopeOf(alpha, KEYS))

  t.ok(made, 'the hub seals under an epoch that it has')
  t.equal((await sealedUnder(bravo, organisation.id))?.id, made?.id)
  t.equal((await sealedUnder(charlie, organisation.id))?.id, made?.id, 'who came late is covered')
})

test('a member that gives its epoch to some only splits nobody for long: a hub makes one for all', async (t) => {
  const { alpha, bravo } = await aPair()
  const insider = anInsider(mallory, { knows: people })
  const epoch = epochOf(suite, {
    audience: organisation.id,
    number: EPOCH_NUMBER_MAX - 1,
    maker: insider.node,
    secret: seedOf('for bravo only'),
  })
  publishOwnKey(insider)
  announce(insider, { epoch, makerNamed: false, readers: [bravo] })
  for (const node of [alpha, bravo]) await arrive(node, insider.envelope(KEYS))
  await arrive(bravo, await envelopeOf(alpha, KEYS))

  const [ofHub, ofKit] = [
    await sealedUnder(alpha, organisation.id),
    await sealedUnder(bravo, organisation.id),
  ]

  t.ok(ofHub)
  t.equal(ofKit?.id, ofHub?.id)
  t.not(ofKit?.id, epoch.id)
})

test('who has no part in an epoch cannot say that it was given away', async (t) => {
  const { alpha, bravo, channel } = await aPrivateChannel()
  const good = must(await sealedUnder(alpha, channel), 'the channel has an epoch')
  const insider = anInsider(mallory, { knows: people })
  publishOwnKey(insider)
  const own = sealingPair(suite, sealingSeed(insider)).publicBytes
  const { ciphertext } = insider.pairWith(own)
  const name = must(alpha.context.keyBook(), 'a book')
  await arrive(alpha, insider.envelope(KEYS))
  const keyName = must(name.sealingKey(insider.node), 'its key is known').name
  const pair = insider.write(KEYS, { content: { kind: 'pair', keyName, ciphertext } })
  insider.write(KEYS, {
    content: {
      kind: 'epoch',
      audience: channel,
      number: good.number,
      epoch: good.id,
      maker: good.maker,
      wraps: [{ pair: pair.seq, bytes: new Uint8Array(48) }],
    },
  })

  for (const node of [alpha, bravo]) await arrive(node, insider.envelope(KEYS))

  for (const node of [alpha, bravo]) t.strictSame(await unnamed(node, 'outsidersEpoch'), [])
  t.equal((await sealedUnder(alpha, channel))?.id, good.id)
  t.equal((await sealedUnder(bravo, channel))?.id, good.id)
})

test('wraps and pairs copied from another list open nothing else and change nothing', async (t) => {
  const { alpha, bravo } = await aPair()
  await alpha.context.replica.commit((tx) => rotate(tx, alpha.context, organisation.id))
  const log = await alpha.context.replica.commit((tx) => tx.log(KEYS))
  const insider = anInsider(mallory, { knows: people })
  const pairs = new Map<number, number>()
  for (const { seq, entry } of log.since({})) {
    const { content } = entry
    if (content.kind === 'pair') pairs.set(seq, insider.write(KEYS, { content }).seq)
    if (content.kind !== 'epoch') continue
    const wraps = content.wraps.map((one) => ({ ...one, pair: pairs.get(one.pair) ?? one.pair }))
    insider.write(KEYS, { content: { ...content, number: 77, wraps } })
  }
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  const before = (await sealedUnder(bravo, organisation.id))?.id

  await arrive(bravo, insider.envelope(KEYS))

  t.ok(before)
  t.strictSame(await unnamed(bravo, 'copiedWrap'), [])
  t.equal((await sealedUnder(bravo, organisation.id))?.id, before)
})

test('somebody elses sealing key, published as own, takes nothing from its owner', async (t) => {
  const { alpha, bravo } = await aPair()
  const stolen = must(alpha.context.keyBook().sealingKey(bravo.id), 'bravo has told its key')
  const insider = anInsider(mallory, { knows: people })
  insider.write(KEYS, {
    content: { kind: 'sealing key', generation: 2 ** 31, publicBytes: stolen.publicBytes },
  })
  await arrive(alpha, insider.envelope(KEYS))
  await alpha.context.replica.commit((tx) => rotate(tx, alpha.context, organisation.id))
  await arrive(bravo, await envelopeOf(alpha, KEYS))

  t.equal(alpha.context.keyBook().sealingKey(bravo.id)?.name, stolen.name)
  t.equal(
    (await sealedUnder(bravo, organisation.id))?.id,
    (await sealedUnder(alpha, organisation.id))?.id,
  )
})

test('a kit without the right revokes nobody, orders no wipe and certifies nobody', async (t) => {
  const { alpha, bravo } = await aPair()
  const insider = anInsider(mallory, { knows: people })
  const forged = Uint8Array.from(people[2]?.certificateBytes ?? [])
  forged[5] = 77
  for (const content of [
    orderHere(mallory, { kind: 'revocation', node: alpha.id, since: 0, reason: 'we are lost' }),
    orderHere(mallory, { kind: 'wipe order', node: bravo.id, at: 0 }),
    { kind: 'node', certificate: forged },
  ] as const)
    insider.write(KEYS, { content })

  const { outcome } = await arrive(bravo, insider.envelope(KEYS))

  t.equal(outcome.kind, 'applied', 'the entries stand in its list and say nothing')
  t.equal(bravo.context.roster.revokedSince(alpha.id), undefined)
  t.equal(bravo.context.keyBook().isToBeWiped(bravo.id), false)
  t.equal(bravo.context.roster.byNumber(77), undefined)
  t.strictSame(await unnamed(bravo, 'noRight', 'falseCertificate'), [])
})

test('junk certificates of unknown issuers fill no store and push out nobody', async (t) => {
  const { bravo } = await aPair()
  const insider = anInsider(mallory, { knows: people })
  for (let each = 0; each < 200; each += 1) {
    const junk = Uint8Array.from(people[2]?.certificateBytes ?? [])
    junk[junk.length - 1 - (each % 60)] = each
    insider.write(KEYS, { content: { kind: 'node', certificate: junk } })
  }
  await arrive(bravo, insider.envelope(KEYS))
  await using charlie = await aSync('charlie', { knows })

  await arrive(bravo, await envelopeOf(charlie, KEYS))

  t.equal(bravo.context.roster.byNumber(3)?.node, charlie.id)
  t.strictSame(await unnamed(bravo, 'falseCertificate'), [])
})

test('an envelope of the keys document in a revoked nodes name is refused by its name', async (t) => {
  await using alpha = await aSync('alpha', { role: 'hub', knows })
  await found(alpha)
  const insider = anInsider(mallory, { knows: people })
  await revokeSince(alpha, insider.node, 0)
  publishOwnKey(insider)

  const { outcome } = await arrive(alpha, insider.envelope(KEYS))

  t.match(outcome, { kind: 'refused', reason: 'revoked' })
  t.strictSame(await unnamed(alpha, 'revoked'), [])
})

test('who says that it made the epoch of another audience is given nothing of it', async (t) => {
  for (const isOwnGroup of [false, true]) {
    const { alpha, bravo, channel } = await aPrivateChannel()
    const good = must(await sealedUnder(alpha, channel), 'the channel has an epoch')
    await sealedUnder(bravo, channel)
    const insider = anInsider(mallory, { knows: people })
    const group = newChannelId(insider.node, 'group', seedOf('mallory and all').subarray(0, 8))
    joinAs(insider, group)
    const audience: AudienceId = isOwnGroup ? group : organisation.id
    insider.write(KEYS, {
      content: {
        kind: 'epoch',
        audience,
        number: good.number,
        epoch: good.id,
        maker: undefined,
        wraps: [],
      },
    })

    publishOwnKey(insider) // only now: what was wrapped for an earlier one would be wrapped for this one

    for (const node of [alpha, bravo])
      for (const document of [DIRECTORY, KEYS]) await arrive(node, insider.envelope(document))
    await sealedUnder(alpha, audience)
    await sealedUnder(bravo, audience)
    await arrive(bravo, await envelopeOf(alpha, KEYS))
    await arrive(alpha, await envelopeOf(bravo, KEYS))

    for (const { context } of [alpha, bravo]) {
      const told = context.keyBook().sealingKey(insider.node)
      const { name } = must(told, 'its sealing key is known')
      for (const one of context.keyBook().epochs(channel)) t.notOk(one.covered.has(name))
    }
    t.equal((await sealedUnder(bravo, channel))?.id, good.id)
    t.not((await sealedUnder(alpha, audience))?.id, good.id)
  }
})

test('epochs of audiences that do not exist are gone through by nobody', async (t) => {
  const { alpha, bravo, channel } = await aPrivateChannel()
  const insider = anInsider(mallory, { knows: people })
  t.ok(heldAudiences(alpha.context).includes(channel))
  for (let each = 0; each < 300; each += 1) {
    const audience = newChannelId(insider.node, 'group', seedOf(`no ${each}`).subarray(0, 8))
    const epoch = Buffer.from(seedOf(`epoch ${each}`).subarray(0, 16)).toString('hex')
    const content = { kind: 'epoch', audience, number: 1, epoch, maker: undefined } as const
    insider.write(KEYS, { content: { ...content, wraps: [] } })
  }

  for (const node of [alpha, bravo]) {
    const before = heldAudiences(node.context)
    await arrive(node, insider.envelope(KEYS))
    t.strictSame(heldAudiences(node.context), before)
  }
})

test('nobody comes into an audience by a channel that bears its name', async (t) => {
  const { alpha, bravo, channel } = await aPrivateChannel()
  const insider = anInsider(mallory, { knows: people })
  publishOwnKey(insider)
  const outsiders = ['delta', 'echo', 'foxtrot', 'golf', 'hotel', 'india', 'juliett', 'kilo']
  const nodes = outsiders.map((name, index) => anIdentity(name, 20 + index))
  for (const { certificateBytes: certificate } of nodes)
    insider.write(KEYS, { content: { kind: 'node', certificate } })
  for (const node of [alpha, bravo]) await arrive(node, insider.envelope(KEYS))
  const person = amiraOf(bravo.id)
  for (let from = 1; from <= 24; from += 1) {
    await write(alpha, { kind: 'member', channel, person, role: 'member', from })
    await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
    const part = must(audienceOf(alpha.context, channelDocument(channel)), 'it is sealed')
    joinAs(insider, part as ChannelId)
    for (const node of [alpha, bravo]) {
      await arrive(node, insider.envelope(DIRECTORY))
      t.strictSame([...nodesOf(node.context, part)].toSorted(), [alpha.id, bravo.id].toSorted())
    }
  }
  for (const { certificate } of nodes) {
    joinAs(insider, certificate.node as unknown as ChannelId)
    await arrive(alpha, insider.envelope(DIRECTORY))
    const audience = nodesOf(alpha.context, certificate.node)
    t.strictSame([...audience].toSorted(), [alpha.id, certificate.node].toSorted())
  }
})

/** Founds a channel of any id, as far as anybody may, and joins it. */
function joinAs(insider: Insider, channel: ChannelId): void {
  const { person } = insider
  const channelKind = kindOfChannel(channel)
  for (const content of [
    { kind: 'channel', channel, channelKind },
    { kind: 'member', channel, person, role: 'member' },
  ] as const)
    insider.write(DIRECTORY, { author: person, content })
}

function sealingSeed({ identity }: Insider): Uint8Array {
  const { name } = identity.certificate
  return Buffer.concat([seedOf(`${name} a`), seedOf(`${name} b`), seedOf(`${name} c`)])
}

function publishOwnKey(insider: Insider): void {
  const { publicBytes } = sealingPair(suite, sealingSeed(insider))
  insider.write(KEYS, { content: { kind: 'sealing key', generation: 1, publicBytes } })
}

/** Wraps an epoch for `readers` in the insider's own list, under its own name or in that of the epoch's maker. */
function announce(
  insider: Insider,
  {
    epoch,
    makerNamed,
    readers,
  }: { readonly epoch: Epoch; readonly makerNamed: boolean; readonly readers: readonly SyncNode[] },
): void {
  const wraps = readers.map(({ context, id }) => {
    const { name, publicBytes } = must(context.keyBook().sealingKey(id), 'it has told its key')
    const { secret, ciphertext } = insider.pairWith(publicBytes)
    const { seq } = insider.write(KEYS, { content: { kind: 'pair', keyName: name, ciphertext } })
    return { pair: seq, bytes: wrapEpoch(suite, secret, epoch) }
  })
  const { audience, number, id } = epoch
  const maker = makerNamed ? epoch.maker : undefined
  insider.write(KEYS, { content: { kind: 'epoch', audience, number, epoch: id, maker, wraps } })
}

function sealedUnder({ context }: SyncNode, audience: AudienceId): Promise<Epoch | undefined> {
  return context.replica.commit((tx) => ensureEpoch(tx, context, audience))
}

async function write({ context }: SyncNode, content: Content): Promise<void> {
  const document =
    content.kind === 'channel' || content.kind === 'member' || content.kind === 'person'
      ? DIRECTORY
      : KEYS
  const author = document === DIRECTORY ? amiraOf(context.identity.certificate.node) : undefined
  const entry = { author, claimedAt: context.now(), content }
  await context.replica.commit((tx) => writeHere(tx, context, { document, entry }))
}

async function aPair() {
  const alpha = await aSync('alpha', { role: 'hub', knows })
  const bravo = await aSync('bravo', { knows })
  await found(alpha)
  await arrive(alpha, await envelopeOf(bravo, KEYS))
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
  return { alpha, bravo }
}

/** A private channel of amira on alpha and amira on bravo. */
async function aPrivateChannel() {
  const { alpha, bravo } = await aPair()
  const channel: ChannelId = newChannelId(alpha.id, 'private', seedOf('secret').subarray(0, 8))
  await write(alpha, { kind: 'channel', channel, channelKind: 'private' })
  for (const node of [alpha, bravo])
    await write(alpha, { kind: 'member', channel, person: amiraOf(node.id), role: 'member' })
  await sealedUnder(alpha, channel)
  await arrive(bravo, await envelopeOf(alpha, KEYS))
  await arrive(bravo, await envelopeOf(alpha, DIRECTORY))
  return { alpha, bravo, channel }
}
