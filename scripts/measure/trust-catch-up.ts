/** How long a node that was away takes to catch up: every change decoded, written again, vouched for, applied, in the view. */
import { must } from '#base/assert.ts'
import { newPersonId, type DocumentId } from '#base/ids.ts'
import { newChannelId } from '#model/channel-id.ts'
import { channelDocument, DIRECTORY, KEYS } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import type { Clock } from '#ports/clock.ts'
import { writeHere } from '#sync/author.ts'
import { segmentFor } from '#sync/segments.ts'
import { OWN_MESSAGES } from '../trial/own-messages.ts'
import { rounded } from './statistics.ts'
import { envelopesOf, identities, logOf, openTrustNode, seedOf, take } from './trust-node.ts'
import type { TrustNode } from './trust-node.ts'

const WRITERS = 5
/** Posts of one commit while the history is made: time of which nothing is measured. */
const AT_ONCE = 200

/** Five nodes write `changes` posts, a hub has them all, and a newcomer gets them from it. */
export async function measureCatchUp({
  clock,
  changes,
}: {
  readonly clock: Clock
  readonly changes: number
}): Promise<Readonly<Record<string, number>>> {
  await using stack = new AsyncDisposableStack()
  const members = identities(WRITERS + 2, clock.now())
  const open = async (at: number): Promise<TrustNode> =>
    stack.use(await openTrustNode(must(members[at], 'there is one'), members, { clock }))
  const hub = await open(0)
  const documents = new Set<DocumentId>([KEYS, DIRECTORY])
  for (let at = 1; at <= WRITERS; at += 1) {
    const writer = await open(at)
    const written = await writeHistory(writer, { hub, posts: Math.ceil(changes / WRITERS) })
    for (const document of written) documents.add(document)
    for (const document of documents) await give(writer, hub, document)
  }
  const envelopes: Uint8Array[] = []
  for (const document of documents) envelopes.push(...(await envelopesOf(hub, document)))
  const newcomer = await open(WRITERS + 1)
  const beganMs = clock.monotonicMs()
  for (const envelope of envelopes) await take(newcomer, envelope)
  const seconds = (clock.monotonicMs() - beganMs) / 1000
  let applied = 0
  for (const document of documents) {
    const { size } = await logOf(newcomer, document)
    if (document.startsWith('s.')) applied += size()
  }
  if (applied !== Math.ceil(changes / WRITERS) * WRITERS)
    throw new Error(`${applied} of ${changes} changes arrived`)
  return {
    catchup_changes: applied,
    catchup_documents: documents.size,
    catchup_envelopes: envelopes.length,
    catchup_b: envelopes.reduce((sum, { length }) => sum + length, 0),
    [`catchup_${applied >= 1_000 ? `${applied / 1_000}k` : applied}_s`]: rounded(seconds, 3),
  }
}

/** One writer's person, and that person's posts; gives the documents they are in. */
async function writeHistory(
  { context }: TrustNode,
  { hub, posts }: { readonly hub: TrustNode; readonly posts: number },
): Promise<ReadonlySet<DocumentId>> {
  const { node, name } = context.identity.certificate
  const person = newPersonId(node, seedOf(`person ${node}`).subarray(0, 8))
  const founder = hub.context.identity.certificate.node
  const channel = newChannelId(founder, 'public', seedOf('channel').subarray(0, 8))
  const profile = { username: name, displayName: name, isAdministrator: false }
  const documents = new Set<DocumentId>([channelDocument(channel)])
  const entryOf = (content: Content) => ({ author: person, claimedAt: context.now(), content })
  await context.replica.commit(async (tx) => {
    const contents: readonly Content[] = [
      { kind: 'person', person, profile },
      { kind: 'channel', channel, channelKind: 'public' },
      { kind: 'member', channel, person, role: 'member' },
    ]
    for (const content of contents)
      await writeHere(tx, context, { document: DIRECTORY, entry: entryOf(content) })
  })
  for (let from = 0; from < posts; from += AT_ONCE) {
    await context.replica.commit(async (tx) => {
      for (let at = from; at < Math.min(posts, from + AT_ONCE); at += 1) {
        const document = await segmentFor(tx, { channel, lane: 'routine' }, context.now())
        const { text } = must(OWN_MESSAGES[at % OWN_MESSAGES.length], 'there are messages')
        const entry = entryOf({ kind: 'post', body: `${at} ${text}`, root: undefined })
        await writeHere(tx, context, { document, entry })
        documents.add(document)
      }
    })
  }
  return documents
}

async function give(from: TrustNode, to: TrustNode, document: DocumentId): Promise<void> {
  const has = (await logOf(to, document)).clock()
  for (const envelope of await envelopesOf(from, document, has)) {
    const outcome = await take(to, envelope)
    if (outcome.kind !== 'applied') throw new Error(`an envelope of this bench: ${outcome.kind}`)
  }
}
