/**
 * Dictionaries of channels at work. A hub names in the channel's settings what one is made of (`training.ts`); who has that
 * makes the text itself, so it is nobody's who may not read the channel, it is nowhere on the disk, and it goes when the messages
 * go. It is used towards those who have signed for all it is made of. Who lacks something nevertheless keeps the envelope.
 */
import { bytesFromHex, equalBytes, hexFromBytes } from '#base/bytes.ts'
import type { ActorId, ChannelId, DocumentId, Instant, NodeId } from '#base/ids.ts'
import {
  DICTIONARIES_MAX,
  DICTIONARIES_OPEN_MAX,
  DICTIONARY_AWAITED_MS,
  DICTIONARY_BYTES_MAX,
} from '#base/limits.ts'
import { openEnvelope, scopesToRead, type Opened, type Unopened } from '#codec/envelope.ts'
import {
  bytesInText,
  dropCoder,
  trainedDictionary,
  type Said,
  type TrainedDictionary,
} from '#codec/trained-dictionary.ts'
import { documentOf, type DictionaryContent, type Stretch } from '#model/dictionary-content.ts'
import { channelDocument, channelOfDocument, KEYS, parseDocumentId } from '#model/document-id.ts'
import { covers, type Clock, type Logged } from '#model/log.ts'
import { causeKey } from '#model/order.ts'
import type { PeerId } from '#ports/carrier.ts'
import { audienceOf, nodesOf } from './audience.ts'
import { isTooLate } from './books.ts'
import { isNode, type SyncContext } from './context.ts'
import { heldBy, noteAnnounced } from './gap-marks.ts'
import { clockOf, receiptOf } from './ledger.ts'
import { countParked } from './parking.ts'
import type { Reader, Tx } from './replica.ts'

/** What is kept in memory of dictionaries: everything follows from the documents. */
export interface Shelf {
  /** By hash; the one used last stands last. */
  readonly texts: Map<string, TrainedDictionary>
  /** Entries that name what is not what is here: looked at once. By the entry, as another may name the same hash rightly. */
  readonly useless: Set<string>
  /** What a channel's settings name, as of a clock of theirs. */
  readonly named: Map<ChannelId, { readonly at: string; readonly all: readonly Logged[] }>
}

/** A dictionary that a hub has named. */
export interface Published {
  readonly channel: ChannelId
  readonly content: DictionaryContent
  /** The entry that names it. */
  readonly actor: ActorId
  readonly seq: number
  readonly by: NodeId
  readonly placeAt: Instant
  /** Its place among them: the last one counts. */
  readonly order: string
}

const USELESS_MAX = 1_000

type Logs = Pick<Reader, 'get' | 'log'>

/** Nothing yet. */
export function newShelf(): Shelf {
  return { texts: new Map(), useless: new Set(), named: new Map() }
}

/** Forgets everything: the node ends, or something was taken out of a list. */
export function clearShelf({ texts, useless, named }: Shelf): void {
  for (const dictionary of texts.values()) dropCoder(dictionary)
  texts.clear()
  useless.clear()
  named.clear()
}

/** The dictionaries of a channel that count, the newest first. Only hubs have a say. */
export async function publishedIn(
  reader: Logs,
  context: SyncContext,
  channel: ChannelId,
): Promise<readonly Published[]> {
  const { roster } = context
  const document = channelDocument(channel)
  const found = (await namedIn(reader, context, channel)).flatMap((logged): Published[] => {
    const { entry, actor, seq } = logged
    const { content, placeAt } = entry
    const by = roster.ofActor(actor)
    if (content.kind !== 'dictionary' || by?.role !== 'hub' || isTooLate(roster, by.node, logged))
      return []
    const order = causeKey(document, logged)
    return [{ channel, content, actor, seq, by: by.node, placeAt, order }]
  })
  return found.toSorted((a, b) => (a.order > b.order ? -1 : 1)).slice(0, DICTIONARIES_MAX)
}

/** What is to be sent of a document to a peer is made small with: nothing unless all who are to read it have it. */
export async function dictionaryFor(
  tx: Logs,
  context: SyncContext,
  { peer, document }: { readonly peer: PeerId; readonly document: DocumentId },
): Promise<TrainedDictionary | undefined> {
  const name = parseDocumentId(document)
  if (name?.kind !== 'segment') return undefined
  for (const one of await publishedIn(tx, context, name.channel)) {
    if (!(await haveAll(tx, context, { one, peer, document }))) continue
    const dictionary = await makeHere(tx, context, one)
    if (dictionary !== undefined) return dictionary
  }
  return undefined
}

/**
 * Opens an envelope, with a channel's dictionary where it needs one. That is made only once the seal has shown which it is, and
 * that a member made it: strangers cause no work. What is lacking for it is asked for; the hub that named it has that.
 */
export async function openWithDictionary(
  tx: Tx,
  context: SyncContext,
  bytes: Uint8Array,
): Promise<Opened | Unopened> {
  const { roster, keyring } = context
  const named = await neededFor(tx, context, bytes)
  const hashes = named.map(({ content }) => ({ hash: bytesFromHex(content.hash) }))
  const { byHint } = keyring
  const opened = openEnvelope(bytes, roster, { byHint, dictionaries: hashes })
  if (opened.ok || opened.hash === undefined) return opened
  const hash = hexFromBytes(opened.hash)
  const meant = named.filter(({ content }) => content.hash === hash)
  for (const one of meant) {
    const dictionary = await makeHere(tx, context, one)
    if (dictionary) return openEnvelope(bytes, roster, { byHint, dictionaries: [dictionary] })
  }
  for (const one of meant) await askFor(tx, context, one)
  return opened
}

async function askFor(
  tx: Tx,
  context: SyncContext,
  { by: node, channel, content }: Published,
): Promise<void> {
  for (const stretch of content.stretches) {
    const clock = { [stretch.actor]: stretch.from + stretch.count - 1 }
    await noteAnnounced(tx, context, { node, document: documentOf(channel, stretch), clock })
  }
}

async function neededFor(
  reader: Logs,
  context: SyncContext,
  bytes: Uint8Array,
): Promise<readonly Published[]> {
  const needed: Published[] = []
  for (const scope of scopesToRead(bytes, context.roster.suite, context.keyring)) {
    const channel = channelOfDocument(channelDocument(scope as ChannelId))
    if (channel !== undefined) needed.push(...(await publishedIn(reader, context, channel)))
  }
  return needed
}

/** Whether what a document has brought lets something be read that is parked for want of a dictionary. */
export async function readsMore(
  tx: Tx,
  context: SyncContext,
  document: DocumentId,
): Promise<boolean> {
  const channel = channelOfDocument(document)
  if (channel === undefined || (await countParked(tx, 'dictionary')) === 0) return false
  for (const one of await publishedIn(tx, context, channel)) {
    const isNew = !context.shelf.texts.has(one.content.hash)
    if (isNew && (await makeHere(tx, context, one)) !== undefined) return true
  }
  return false
}

/** Makes a dictionary out of what is here; undefined when some of that is not, or is not what the hub had. */
export async function makeHere(
  reader: Logs,
  context: SyncContext,
  { channel, content, actor, seq }: Published,
): Promise<TrainedDictionary | undefined> {
  const { texts, useless } = context.shelf
  const { hash, stretches } = content
  // Where lists are cut what was here may be gone, and may come again.
  const { hasForks } = context.run
  const name = `${channel} ${actor} ${seq}`
  if (!hasForks && useless.has(name)) return undefined
  const known = hasForks ? undefined : texts.get(hash)
  if (known === undefined && !(await covered(stretches, channel, (at) => clockOf(reader, at))))
    return undefined
  const dictionary = known ?? (await makeAnew(reader, channel, content))
  if (dictionary === undefined) {
    context.log.warn('dictionary.useless', { document: channelDocument(channel) })
    if (!hasForks && useless.size < USELESS_MAX) useless.add(name)
    return undefined
  }
  texts.delete(hash)
  texts.set(hash, dictionary)
  const [oldest] = texts.size > DICTIONARIES_OPEN_MAX ? texts.keys() : []
  if (oldest !== undefined) texts.delete(oldest)
  return dictionary
}

async function makeAnew(
  reader: Logs,
  channel: ChannelId,
  { hash, stretches }: DictionaryContent,
): Promise<TrainedDictionary | undefined> {
  const changes: Said[] = []
  let bytes = 0
  for (const stretch of stretches) {
    const document = documentOf(channel, stretch)
    const { actor, from, count } = stretch
    const log = await reader.log(document)
    for (let seq = from; seq < from + count; seq += 1) {
      const logged = log.find(actor, seq)
      const change = logged && { document, actor, seq, value: logged.value }
      bytes += change === undefined ? Infinity : bytesInText(change)
      if (change === undefined || bytes > DICTIONARY_BYTES_MAX) return undefined
      changes.push(change)
    }
  }
  const dictionary = trainedDictionary(changes)
  const isSame = dictionary !== undefined && equalBytes(dictionary.hash, bytesFromHex(hash))
  return isSame ? dictionary : undefined
}

/** Entries of a channel's settings that name one, looked for again only when the settings have grown. */
async function namedIn(
  reader: Logs,
  { shelf }: SyncContext,
  channel: ChannelId,
): Promise<readonly Logged[]> {
  const document = channelDocument(channel)
  const at = JSON.stringify(await clockOf(reader, document))
  const known = shelf.named.get(channel)
  if (known?.at === at) return known.all
  const log = await reader.log(document)
  const counted = log.since({}).flatMap(log.countedBy)
  const all = counted.filter(({ entry }) => entry.content.kind === 'dictionary')
  shelf.named.set(channel, { at, all })
  return all
}

/** Whether all who are to read what goes to `peer` have signed for what a dictionary is made of. */
async function haveAll(
  reader: Logs,
  context: SyncContext,
  use: { readonly one: Published; readonly peer: PeerId; readonly document: DocumentId },
): Promise<boolean> {
  const { one, peer, document } = use
  const audience = audienceOf(context, document)
  if (audience === undefined) return false
  const readers = isNode(peer) ? [peer] : nodesOf(context, audience)
  for (const node of readers) {
    if (node === context.identity.certificate.node || (await has(reader, node, one))) continue
    if (isNode(peer) || (await isAwaited(reader, context, node))) return false
  }
  return true
}

/** The nodes of the channel that have not signed for a dictionary and for all that it is made of. */
export async function lackedBy(
  reader: Logs,
  context: SyncContext,
  one: Published,
): Promise<readonly NodeId[]> {
  const audience = audienceOf(context, channelDocument(one.channel))
  const lacking: NodeId[] = []
  for (const node of audience ? nodesOf(context, audience) : [])
    if (node !== context.identity.certificate.node && !(await has(reader, node, one)))
      lacking.push(node)
  return lacking
}

async function has(reader: Logs, node: NodeId, one: Published): Promise<boolean> {
  const { channel, actor, seq, content } = one
  const clockThere = (document: DocumentId): Promise<Clock> => heldBy(reader, node, document)
  const settings = await clockThere(channelDocument(channel))
  return covers(settings, actor, seq) && covered(content.stretches, channel, clockThere)
}

/** Whether a post office is not spoken to in words that a node lacks: for a while, then it has to get what it lacks first. */
async function isAwaited(reader: Logs, context: SyncContext, node: NodeId): Promise<boolean> {
  const saidAt = (await receiptOf(reader, node, KEYS))?.at ?? 0
  const begunAt = context.roster.byNode(node)?.validFrom ?? 0
  return context.now() - Math.max(saidAt, begunAt) < DICTIONARY_AWAITED_MS
}

/** Whether clocks say that all of it is there. */
async function covered(
  stretches: readonly Stretch[],
  channel: ChannelId,
  clockAt: (document: DocumentId) => Promise<Clock>,
): Promise<boolean> {
  for (const stretch of stretches) {
    const last = stretch.from + stretch.count - 1
    if (!covers(await clockAt(documentOf(channel, stretch)), stretch.actor, last)) return false
  }
  return true
}
