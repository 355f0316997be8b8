/** What honest nodes wrote and sent, in either suite: what the fuzzer begins with. */
import { must } from '#base/assert.ts'
import {
  actorOf,
  newPersonId,
  type ActorId,
  type DocumentId,
  type NodeId,
  type PostId,
  type UserId,
} from '#base/ids.ts'
import { encodeDelta } from '#codec/delta.ts'
import { sealEnvelope } from '#codec/envelope.ts'
import { newChannelId } from '#model/channel-id.ts'
import {
  auditDocument,
  channelDocument,
  DIRECTORY,
  KEYS,
  segmentDocument,
} from '#model/document-id.ts'
import { encodeEntry, type Content } from '#model/entry.ts'
import { openLog, postIdOf, type Log, type Logged } from '#model/log.ts'
import { stepOf, trailAfter, trailFrom, upTo } from '#model/trail.ts'
import { placeEntry } from '#model/order.ts'
import { realRandom } from '#ports/real.ts'
import { attestationOf } from '#trust/attestation.ts'
import {
  auditScope,
  epochOf,
  openKeyring,
  wrapEpoch,
  type Keyring,
  type Scope,
} from '#trust/epoch.ts'
import { issueCertificate, NO_RIGHTS, type Identity } from '#trust/identity.ts'
import { signingPair, type Suite } from '#trust/keys.ts'
import type { Roster } from '#trust/roster.ts'
import { SEALING_SEED_BYTES, sealingPair, sealSecret } from '#trust/sealing-key.ts'
import { anOrganisation, seedOf } from '../../test/support/organisation.ts'

/** A body, the place of its log, and what it is sealed for. */
interface Body {
  readonly scope: number
  readonly scopeName: Scope
  readonly body: Uint8Array
}

/** Three nodes and what they wrote. */
export interface History {
  readonly nodes: readonly Identity[]
  readonly actors: readonly ActorId[]
  readonly logs: readonly Log[]
  readonly bodies: readonly Body[]
  readonly envelopes: readonly Uint8Array[]
  /** Entries as they stand in lists. */
  readonly values: readonly Uint8Array[]
  readonly certificates: readonly Uint8Array[]
  readonly roster: Roster
  readonly keyring: Keyring
  /** A roster that knows all but the last node. */
  readonly fresh: () => Roster
}

const BEGAN_AT = 1_800_000_000_000
const made = new Map<Suite, History>()

/** The history in a suite; made once. */
export function aHistory(suite: Suite): History {
  const known = made.get(suite)
  if (known !== undefined) return known
  const history = makeHistory(suite)
  made.set(suite, history)
  return history
}

/** One content of every kind there is, as `node` could write it. */
export function contentsOf(suite: Suite, node: NodeId, other: NodeId): readonly Content[] {
  const person = newPersonId(node, seedOf('person').subarray(0, 8))
  const channel = newChannelId(node, 'private', seedOf('channel').subarray(0, 8))
  const target = postIdOf(segmentDocument(channel, 'routine', 0), actorOfNode(node), 1)
  return [
    ...keyContents(suite, node, other),
    { kind: 'person', person, profile: profileOf('amira') },
    { kind: 'channel', channel, channelKind: 'private' },
    { kind: 'member', channel, person, role: 'administrator' },
    { kind: 'settings', settings: { name: 'ops', displayName: 'Ops', purpose: 'p', header: 'h' } },
    { kind: 'settings', settings: { isArchived: true } },
    ...messages(target),
  ]
}

/** The actor of a node's first life. */
export function actorOfNode(node: NodeId): ActorId {
  return actorOf(node, seedOf(`life ${node}`).subarray(0, 4))
}

function messages(target: PostId): readonly Content[] {
  return [
    { kind: 'post', body: 'Nine boxes counted at the depot', root: undefined },
    { kind: 'post', body: 'Ten', root: target },
    { kind: 'edit', target, body: 'Ten boxes' },
    { kind: 'reaction', target, emoji: 'thumbsup', isSet: true },
    { kind: 'acknowledgement', target },
    { kind: 'tick', target, item: 5, isSet: true },
    { kind: 'deletion', target },
  ]
}

function profileOf(username: string) {
  return { username, displayName: username, isAdministrator: true }
}

function keyContents(suite: Suite, node: NodeId, other: NodeId): readonly Content[] {
  const pair = sealingPair(suite, Buffer.alloc(SEALING_SEED_BYTES, 7))
  const sealed = must(sealSecret(suite, pair.publicBytes, realRandom()), 'it is a key')
  const channel = newChannelId(node, 'private', seedOf('channel').subarray(0, 8))
  const facts = { audience: channel, number: 1, maker: node, secret: seedOf('epoch') }
  const epoch = epochOf(suite, facts)
  const wrap = wrapEpoch(suite, sealed.secret, epoch)
  const [before, step] = [
    trailFrom(openLog(DIRECTORY).genesis.hash),
    stepOf(openLog(KEYS).genesis.hash),
  ]
  const branch = { steps: [step, step], signature: seedOf('s') }
  const order = { by: node, node: other, signature: Buffer.alloc(suite.signatureBytes, 7) }
  return [
    { kind: 'sealing key', generation: 1, publicBytes: pair.publicBytes },
    { kind: 'pair', keyName: '0123456789abcdef', ciphertext: sealed.ciphertext },
    {
      kind: 'epoch',
      audience: channel,
      number: 1,
      epoch: epoch.id,
      maker: undefined,
      wraps: [
        { pair: 2, bytes: wrap },
        { pair: 3, bytes: wrap },
      ],
    },
    { kind: 'revocation', ...order, since: BEGAN_AT, reason: 'lost' },
    { kind: 'wipe order', ...order, at: BEGAN_AT },
    { kind: 'wiped' },
    {
      kind: 'fork',
      document: DIRECTORY,
      actor: actorOfNode(other),
      seq: 1,
      before,
      branches: [branch, { ...branch, steps: [stepOf(openLog(DIRECTORY).genesis.hash)] }],
    },
    {
      kind: 'anchor',
      document: DIRECTORY,
      actor: actorOfNode(other),
      forkAt: 1,
      branch: before,
      seq: 2,
      trail: trailAfter(before, [step]),
      signature: seedOf('s'),
    },
  ]
}

function makeHistory(suite: Suite): History {
  const organisation = anOrganisation('relief', suite)
  const nodes = ['alpha', 'bravo', 'charlie'].map((name, index) =>
    organisation.node(name, { number: index + 1, role: index === 2 ? 'hub' : 'kit' }),
  )
  const ids = nodes.map(({ certificate }) => certificate.node)
  const [alpha, bravo, charlie] = ids
  const first = must(alpha, 'there are nodes')
  const actors = ids.map(actorOfNode)
  const roster = organisation.roster(...nodes)
  const keyring = openKeyring(suite, organisation.organisation.id, seedOf('door'))
  const channel = newChannelId(first, 'public', seedOf('channel').subarray(0, 8))
  keyring.addScope(channel, organisation.organisation.id)
  keyring.addScope(auditScope(first), organisation.organisation.id)
  const places: readonly (readonly [DocumentId, Scope])[] = [
    [KEYS, 'keys'],
    [DIRECTORY, 'directory'],
    [channelDocument(channel), channel],
    [segmentDocument(channel, 'routine', 0), channel],
    [auditDocument(first, 0), auditScope(first)],
  ]
  const contents = ids.flatMap((node) => contentsOf(suite, node, must(bravo, 'there are nodes')))
  const logs = places.map(([document]) => openLog(document))
  logs.forEach((log, at) => {
    for (const [index, actor] of actors.entries()) {
      const identity = must(nodes[index], 'each actor has a node')
      for (const content of contentsFor(at, contents, identity))
        append(log, actor, { content, author: authorOf(at, identity.certificate.node) })
    }
  })
  const bodies = logs.flatMap((log, scope) =>
    deltasOf({ log, actors, nodes, roster }).map((body) => {
      return { scope, scopeName: must(places[scope], 'each log has a place')[1], body }
    }),
  )
  const issued = issuedBy(must(nodes[2], 'there is a hub'), suite)
  return {
    nodes,
    actors,
    logs,
    bodies,
    envelopes: bodies.map(({ scopeName, body }, at) =>
      seal({
        sender: must(nodes[0], 'there are nodes'),
        keyring,
        scope: scopeName,
        body,
        isSigned: at % 2 === 0,
      }),
    ),
    values: [
      ...logs.flatMap((log) => log.since({}).map(({ value }) => value)),
      ...contents.map((content) =>
        encodeEntry(entryOf(content, first), openLog(KEYS).context(actorOfNode(first))),
      ),
    ],
    certificates: [...nodes.map(({ certificateBytes }) => certificateBytes), issued],
    roster,
    keyring,
    fresh: () =>
      organisation.roster(...nodes.filter(({ certificate }) => certificate.node !== charlie)),
  }
}

function contentsFor(
  at: number,
  contents: readonly Content[],
  { certificateBytes, certificate }: Identity,
): readonly Content[] {
  const own = contents.slice(0, contents.length / 3)
  const kinds: readonly (readonly string[])[] = [
    ['sealing key', 'pair', 'epoch'],
    ['person', 'channel', 'member'],
    ['settings'],
    ['post', 'edit', 'reaction', 'acknowledgement', 'tick', 'deletion'],
    ['post'],
  ]
  const chosen = own.filter(({ kind }) => kinds[at]?.includes(kind))
  const isOwn = at !== 0
  const named = chosen.map((content): Content => {
    if (content.kind !== 'person') return content
    return { ...content, person: must(authorOf(1, certificate.node), 'it has people') }
  })
  return isOwn ? named : [{ kind: 'node', certificate: certificateBytes }, ...named]
}

function authorOf(at: number, node: NodeId): UserId | undefined {
  return at === 0 ? undefined : newPersonId(node, seedOf('person').subarray(0, 8))
}

function entryOf(content: Content, node: NodeId) {
  const author = authorOf(1, node)
  return { author, claimedAt: BEGAN_AT, placeAt: BEGAN_AT + 7, counter: 3, content }
}

function append(
  log: Log,
  actor: ActorId,
  { content, author }: { readonly content: Content; readonly author: UserId | undefined },
): Logged {
  const claimedAt = BEGAN_AT + log.size() * 1000
  // Of the first message here: its place is named instead of its id.
  const first = log.since({})[0]?.actor ?? actor
  const target = postIdOf(log.document, first, 1)
  const said = 'target' in content ? { ...content, target } : content
  const entry = placeEntry(
    log,
    { author, claimedAt, content: said },
    { actor, seen: { placeAt: 0 } },
  )
  return log.add(log.next(actor, encodeEntry(entry, log.context(actor))))
}

interface Deltas {
  readonly log: Log
  readonly actors: readonly ActorId[]
  readonly nodes: readonly Identity[]
  readonly roster: Roster
}

/** One with everything, one with the sender's last change alone, one with two nodes' changes. */
function deltasOf({ log, actors, nodes, roster }: Deltas): readonly Uint8Array[] {
  const sender = must(actors[0], 'there are actors')
  const all = log.since({})
  const own = all.filter(({ actor }) => actor === sender)
  const two = all.filter(({ actor }) => actor !== actors[2])
  return [all, own.slice(-1), two].map((changes) => {
    const attestations = new Map(
      changes.map((change): [ActorId, Uint8Array] => {
        const node = must(nodes[actors.indexOf(change.actor)], 'each actor has a node')
        const statement = attestationOf(node.organisation.id, upTo(log, change))
        return [change.actor, node.sign(statement)]
      }),
    )
    const named = [...new Set([...log.since({}).map(({ actor }) => actor), ...actors])]
    const places = new Map(
      named.map((actor) => {
        const place = { document: log.document, actor, seq: 1 }
        return [postIdOf(place.document, actor, place.seq), place] as const
      }),
    )
    return encodeDelta({ document: log.document, changes, sender, roster, attestations, places })
  })
}

function seal(what: {
  readonly sender: Identity
  readonly keyring: Keyring
  readonly scope: Scope
  readonly body: Uint8Array
  readonly isSigned: boolean
}): Uint8Array {
  const { sender, keyring, scope, body, isSigned } = what
  const key = scope === 'keys' ? keyring.keysKey : keyring.keyOf(scope, keyring.firstEpoch.id)
  return sealEnvelope({
    sender: sender.certificate,
    life: seedOf('life').subarray(0, 4),
    generation: 0,
    key: must(key, 'the scope has a key'),
    body,
    sign: isSigned ? sender.sign : undefined,
  })
}

function issuedBy(hub: Identity, suite: Suite): Uint8Array {
  const { organisation, certificate, sign } = hub
  return issueCertificate(
    { organisation, node: certificate.node, sign },
    {
      number: 9,
      name: 'delta',
      role: 'kit',
      rights: NO_RIGHTS,
      validFrom: BEGAN_AT,
      validUntil: 1_970_000_000_000,
      signingKey: signingPair(suite, seedOf('delta')).publicBytes,
    },
  )
}
