/**
 * A member with all keys and a broken conscience, against a whole node: entries, deltas and notes are bent, then sealed and
 * signed as only a member can. The node must take or refuse each, must never throw, and must open again on what it
 * has stored: one poisoned entry would otherwise stop every node for good.
 */
import { must } from '#base/assert.ts'
import { byteReader, byteWriter, concatBytes } from '#base/bytes.ts'
import type { ActorId, DocumentId } from '#base/ids.ts'
import { decodeDelta, encodeDelta } from '#codec/delta.ts'
import { sealEnvelope } from '#codec/envelope.ts'
import { encodeLoad } from '#codec/load.ts'
import { decodeNote, encodeNote } from '#codec/note.ts'
import { rebuildDelta } from '#codec/rebuild.ts'
import {
  auditDocument,
  channelDocument,
  DIRECTORY,
  KEYS,
  segmentDocument,
} from '#model/document-id.ts'
import { decodeEntry, encodeEntry, type Content } from '#model/entry.ts'
import { isKeyContent } from '#model/key-content.ts'
import { EMPTY_LIST } from '#model/list.ts'
import { openLog, type Log, type Logged } from '#model/log.ts'
import { changeAfter, upTo, type Trodden } from '#model/trail.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import type { Store } from '#ports/store.ts'
import { scopeOf } from '#sync/audience.ts'
import { attestationOf, noteStatement } from '#trust/attestation.ts'
import type { EpochKey } from '#trust/epoch.ts'
import type { Identity } from '#trust/identity.ts'
import { SUITE_NACL } from '#trust/keys.ts'
import { arrive, aSync, found, ops, say, type SyncNode } from '../../../test/support/sync.ts'
import { anIdentity, organisation, rosterOf } from '../../../test/support/nodes.ts'
import { bendBytes } from '../bend-bytes.ts'
import { bendPacked } from '../bend.ts'
import type { Chance } from '../chance.ts'
import { actorOfNode, aHistory, contentsOf } from '../history.ts'
import type { Subject, Target } from '../target.ts'

/** Against a node that is a member like the attacker. */
export const INSIDER_TARGETS: readonly Target[] = [
  { name: 'insider-entry', open: () => openInsider(takeEntries, entrySamples, bendEntries) },
  { name: 'insider-delta', open: () => openInsider(takeBody, deltaSamples) },
  { name: 'insider-note', open: () => openInsider(takeNote, noteSamples) },
  { name: 'outsider', open: () => openInsider(takeRaw, rawSamples) },
]

/** A kit, and a node that administers. */
const ATTACKERS: readonly Identity[] = [anIdentity('bravo', 2), anIdentity('charlie', 3, 'hub')]
const MEMBERS = [anIdentity('alpha', 1), ...ATTACKERS]

const ROSTER = rosterOf(MEMBERS)
const alphaNode = must(MEMBERS[0], 'alpha is there').certificate.node
const DOCUMENTS: readonly DocumentId[] = [
  KEYS,
  DIRECTORY,
  channelDocument(ops),
  segmentDocument(ops, 'routine', 0),
  segmentDocument(ops, 'flash', 0),
  ...ATTACKERS.map(({ certificate }) => auditDocument(certificate.node, 0)),
]

/** The node under attack. */
interface Scene {
  readonly store: Store
  readonly node: SyncNode
}

type Take = (scene: Scene, input: Uint8Array) => Promise<string | undefined>

async function openInsider(
  take: Take,
  samplesOf: () => readonly Uint8Array[],
  bend?: Subject['bend'],
): Promise<Subject> {
  let scene = await openScene()
  return {
    form: 'bytes',
    samples: samplesOf(),
    ...(bend && { bend }),
    check: (input) => take(scene, input),
    reset: async () => {
      const what = await reopened(scene)
      scene = await openScene()
      return what
    },
    [Symbol.asyncDispose]: () => scene.node[Symbol.asyncDispose](),
  }
}

async function openScene(): Promise<Scene> {
  const store = openMemoryStore()
  const node = await aSync('alpha', { knows: MEMBERS, store: keptOpen(store) })
  await found(node)
  await say(node, 'before all this')
  return { store, node }
}

/** The same store, which stays open when the node on it closes. */
function keptOpen(store: Store): Store {
  return { ...store, [Symbol.asyncDispose]: async () => undefined }
}

/** What was taken must not stop the node from opening again, with the same documents. */
async function reopened({ store, node }: Scene): Promise<string | undefined> {
  const before = await clocks(node)
  await node[Symbol.asyncDispose]()
  const again = await aSync('alpha', { knows: MEMBERS, store: keptOpen(store) })
  const after = await clocks(again)
  await again[Symbol.asyncDispose]()
  return before === after ? undefined : `opened again it has ${after}, before ${before}`
}

/** Its own list may grow when it opens: it publishes what it lacks. */
async function clocks({ context, actor }: SyncNode): Promise<string> {
  const all = await Promise.all(
    DOCUMENTS.map(async (document) => {
      const log = await context.replica.commit((tx) => tx.log(document))
      return Object.entries(log.clock())
        .filter(([one]) => one !== actor)
        .map((pair) => pair.join(' '))
        .toSorted()
    }),
  )
  return JSON.stringify(all)
}

/** First byte: attacker, document, and how many numbers to say again. Then entries, each with its length. */
async function takeEntries(scene: Scene, input: Uint8Array): Promise<string | undefined> {
  const { place, values } = readEntries(input)
  const { attacker, document } = placeOf(place)
  const actor = actorOfNode(attacker.certificate.node)
  const list = await listOf(scene, attacker, document)
  const changes = chain(list, actor, { values, back: (place >> 5) & 3 })
  const newest = changes.at(-1)
  if (newest === undefined) return undefined
  const body = encodeDelta({
    document,
    // Nothing of an entry is read when a delta is written.
    changes: changes as unknown as readonly Logged[],
    sender: actor,
    roster: scene.node.context.roster,
    attestations: new Map(),
  })
  const statement = attestationOf(organisation.id, { document, ...newest })
  await send(scene, { attacker, document, body, sign: () => statement })
  return undefined
}

/** The list as the node has it: what came of a fork is not ours to go on from. */
async function listOf(scene: Scene, attacker: Identity, document: DocumentId): Promise<Log> {
  const actor = actorOfNode(attacker.certificate.node)
  const own = openLog(document)
  const log = await scene.node.context.replica.commit((tx) => tx.log(document))
  for (const change of log.since({})) if (change.actor === actor) own.add(change)
  return own
}

/** What goes on from a list, or forks it: `back` numbers are said a second time. */
function chain(
  list: Log,
  actor: ActorId,
  { values, back }: { readonly values: readonly Uint8Array[]; readonly back: number },
): readonly Trodden[] {
  const seq = Math.max(0, (list.clock()[actor] ?? 0) - back)
  const hash = must(list.before(actor, seq + 1), 'the list is whole')
  let at = { seq, hash, trail: upTo(list, { actor, seq }).trail }
  return values.map((value) => {
    const change = changeAfter(at, { actor, value })
    at = change
    return change
  })
}

/** First byte: attacker and document. Then a delta's body, signed as far as it can be read. */
async function takeBody(scene: Scene, input: Uint8Array): Promise<string | undefined> {
  const { attacker, document } = placeOf(input[0] ?? 0)
  const actor = actorOfNode(attacker.certificate.node)
  const { roster, replica } = scene.node.context
  const body = input.subarray(1)
  const scope = scopeOf(document)
  const read = decodeDelta(body, { scope, sender: actor, roster })
  let statement: Uint8Array = new Uint8Array(32)
  if (read.ok) {
    const log = await replica.commit((tx) => tx.log(read.delta.document))
    const own = rebuildDelta(read.delta, log).find((run) => run.actor === actor)
    if (own !== undefined && own.kind !== 'missing' && own.newest.trail !== undefined) {
      const { actor: of, seq, trail } = own.newest
      const { document: named } = read.delta
      statement = attestationOf(organisation.id, { document: named, actor: of, seq, trail })
    }
  }
  await send(scene, { attacker, document, body, sign: () => statement })
  return undefined
}

async function takeNote(scene: Scene, input: Uint8Array): Promise<string | undefined> {
  const { attacker } = placeOf(input[0] ?? 0)
  const body = input.subarray(1)
  const { roster } = scene.node.context
  const sender = actorOfNode(attacker.certificate.node)
  if (decodeNote(body, roster) === undefined) {
    await send(scene, { attacker, document: DIRECTORY, body, sign: () => new Uint8Array(32) })
    return undefined
  }
  const signature = attacker.sign(noteStatement(organisation.id, { actor: sender, body }))
  const notes = [{ actor: sender, body, signature }]
  const load = encodeLoad({ notes }, { scope: 'directory', sender, roster })
  await send(scene, { attacker, document: DIRECTORY, body: load, sign: undefined })
  return undefined
}

/** As they come: whoever has no keys adds nothing to any document. */
async function takeRaw(scene: Scene, input: Uint8Array): Promise<string | undefined> {
  const before = await clocks(scene.node)
  await arrive(scene.node, input)
  const after = await clocks(scene.node)
  return before === after ? undefined : `it was taken: ${after}, before ${before}`
}

async function send(
  scene: Scene,
  what: {
    readonly attacker: Identity
    readonly document: DocumentId
    readonly body: Uint8Array
    /** What is signed. */
    readonly sign: (() => Uint8Array) | undefined
  },
) {
  const { attacker, document, body, sign } = what
  const { certificate } = attacker
  const bytes = sealEnvelope({
    sender: certificate,
    life: Buffer.from(actorOfNode(certificate.node).slice(16), 'hex'),
    generation: 0,
    key: keyFor(scene, document),
    body,
    sign: sign && (() => attacker.sign(sign())),
  })
  const { outcome } = await arrive(scene.node, bytes, { from: certificate.node })
  return outcome
}

/** Under the first epoch: every member ever let in has it. */
function keyFor({ node }: Scene, document: DocumentId): EpochKey {
  const { keyring } = node.context
  const scope = scopeOf(document)
  if (scope === 'keys') return keyring.keysKey
  const key =
    keyring.keyOf(scope, keyring.firstEpoch.id) ?? keyring.keyOf('directory', keyring.firstEpoch.id)
  return must(key, 'every member has the first epoch')
}

function placeOf(byte: number): { readonly attacker: Identity; readonly document: DocumentId } {
  const attacker = must(ATTACKERS[(byte >> 4) % ATTACKERS.length], 'there are attackers')
  const document = must(DOCUMENTS[(byte & 15) % DOCUMENTS.length], 'there are documents')
  return { attacker, document }
}

function readEntries(input: Uint8Array): { place: number; values: readonly Uint8Array[] } {
  const values: Uint8Array[] = []
  const reader = byteReader(input.subarray(1))
  try {
    while (reader.left() > 0 && values.length < 20) values.push(Uint8Array.from(reader.block()))
  } catch {
    // the rest is no entry
  }
  const fitting = values.filter(({ length }) => length > 0 && length < 70_000)
  return { place: input[0] ?? 0, values: fitting }
}

function writeEntries(place: number, values: readonly Uint8Array[]): Uint8Array {
  const writer = byteWriter()
  writer.byte(place)
  for (const value of values) writer.block(value)
  return writer.bytes()
}

/** Another place, another entry, or an entry bent as MessagePack or byte by byte. */
function bendEntries(input: Uint8Array, other: Uint8Array, chance: Chance): Uint8Array {
  const { place, values } = readEntries(input)
  const theirs = readEntries(other).values
  const list = values.length === 0 ? [...theirs] : [...values]
  if (list.length === 0) return bendBytes(input, other, chance)
  const at = chance.below(list.length)
  const value = must(list[at], 'there are entries')
  const neighbour = theirs[chance.below(Math.max(1, theirs.length))] ?? value
  const where = chance.once(6) ? chance.below(256) : place
  if (chance.once(6)) return writeEntries(where, [...list, neighbour].slice(-8))
  if (chance.once(8)) return writeEntries(where, list.toSpliced(at, 1))
  const bend = chance.once(5) ? bendBytes : bendPacked
  return writeEntries(where, list.with(at, bend(value, neighbour, chance)))
}

/** The place of the document where such an entry belongs. */
function homeOf({ kind }: Content): number {
  if (kind === 'person' || kind === 'channel' || kind === 'member') return 1
  if (kind === 'settings') return 2
  return isKeyContent({ kind }) || kind === 'node' ? 0 : 3
}

/** Every kind of entry in the document it belongs to, and in another. */
function entrySamples(): readonly Uint8Array[] {
  return ATTACKERS.flatMap(({ certificate }, attacker) => {
    const contents = contentsOf(SUITE_NACL, certificate.node, alphaNode)
    return contents.flatMap((content, index) =>
      [homeOf(content), index % DOCUMENTS.length].map((document) => {
        const author = undefined
        const entry = {
          author,
          claimedAt: 1_800_000_000_000,
          placeAt: 1_800_000_000_000,
          counter: 2,
        }
        const value = encodeEntry({ ...entry, content }, EMPTY_LIST)
        const back = index % 5 === 4 ? 32 : 0
        return writeEntries(back + attacker * 16 + document, [value])
      }),
    )
  })
}

function deltaSamples(): readonly Uint8Array[] {
  return entrySamples().map((sample) => {
    const { place, values } = readEntries(sample)
    const { attacker, document } = placeOf(place)
    const actor = actorOfNode(attacker.certificate.node)
    const log = openLog(document)
    const doubled = [...values, ...values]
    const changes = chain(log, actor, { values: doubled, back: 0 }).map((change) => {
      return { ...change, entry: decodeEntry(change.value, EMPTY_LIST).entry }
    })
    const body = encodeDelta({
      document,
      changes,
      sender: actor,
      roster: ROSTER,
      attestations: new Map(),
    })
    return concatBytes(Uint8Array.of(place), body)
  })
}

function noteSamples(): readonly Uint8Array[] {
  const clock = Object.fromEntries(
    MEMBERS.map(({ certificate }, index) => [actorOfNode(certificate.node), index * 3 + 1]),
  )
  const items = DOCUMENTS.map((document) => ({ document, clock, read: clock }))
  return (['receipt', 'have', 'want'] as const).flatMap((kind, index) => {
    const body = encodeNote({ kind, isWhole: index === 1, items }, ROSTER)
    return [0, 16].map((place) => concatBytes(Uint8Array.of(place), body))
  })
}

/** Envelopes of another organisation, and none at all. */
function rawSamples(): readonly Uint8Array[] {
  return [Uint8Array.of(17, 0, 0, 2), ...aHistory(SUITE_NACL).envelopes]
}
