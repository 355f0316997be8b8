/** One channel that two nodes of a bench write to. */
import { must } from '#base/assert.ts'
import { newPersonId, type ChannelId, type DocumentId, type UserId } from '#base/ids.ts'
import { newChannelId } from '#model/channel-id.ts'
import { DIRECTORY } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import type { Lane } from '#model/precedence.ts'
import { writeHere } from '#sync/author.ts'
import { segmentFor } from '#sync/segments.ts'
import { chanceFrom } from '../link/schedule.ts'
import { OWN_MESSAGES } from '../trial/own-messages.ts'
import { seedOf, type TrustNode } from './trust-node.ts'

/** Posts of one commit: time of which nothing is measured. */
const AT_ONCE = 200
const USUAL_TEXT_BYTES = 86

/** The person on a node who writes there. */
export function personOf({ context }: TrustNode): UserId {
  const { node } = context.identity.certificate
  return newPersonId(node, seedOf(`person ${node}`).subarray(0, 8))
}

/** The channel, named after the node that opens it. */
export function channelOf(founder: TrustNode): ChannelId {
  const { node } = founder.context.identity.certificate
  return newChannelId(node, 'public', seedOf('channel').subarray(0, 8))
}

/** Enters the node's person into the directory, and the channel if it is its own. */
export async function enter(node: TrustNode, channel: ChannelId): Promise<void> {
  const { context } = node
  const person = personOf(node)
  const username = context.identity.certificate.name
  const profile = { username, displayName: username, isAdministrator: false }
  const opened: readonly Content[] =
    channel === channelOf(node)
      ? [
          { kind: 'channel', channel, channelKind: 'public' },
          { kind: 'member', channel, person, role: 'member' },
        ]
      : []
  await context.replica.commit(async (tx) => {
    for (const content of [{ kind: 'person', person, profile } as const, ...opened]) {
      const entry = { author: person, claimedAt: context.now(), content }
      await writeHere(tx, context, { document: DIRECTORY, entry })
    }
  })
}

/** Writes these texts. Gives the documents they are in. */
export async function post(
  node: TrustNode,
  { channel, lane = 'routine' }: { readonly channel: ChannelId; readonly lane?: Lane },
  texts: readonly string[],
): Promise<ReadonlySet<DocumentId>> {
  const { context } = node
  const author = personOf(node)
  const documents = new Set<DocumentId>()
  for (let from = 0; from < texts.length; from += AT_ONCE) {
    await context.replica.commit(async (tx) => {
      for (const body of texts.slice(from, from + AT_ONCE)) {
        const document = await segmentFor(tx, { channel, lane }, context.now())
        const content = { kind: 'post', body, root: undefined } as const
        await writeHere(tx, context, {
          document,
          entry: { author, claimedAt: context.now(), content },
        })
        documents.add(document)
      }
    })
  }
  return documents
}

/** Texts of about 90 bytes, of words that people use, drawn anew for each: nothing longer than a word comes again. */
export function textsOf(count: number, seed: number): readonly string[] {
  const words = OWN_MESSAGES.flatMap(({ text }) => text.split(/\s+/)).filter((word) => word !== '')
  const chance = chanceFrom(seed)
  const draw = (): string => must(words[Math.floor(chance() * words.length)], 'there are words')
  return Array.from({ length: count }, () => {
    let text = draw()
    while (Buffer.byteLength(text) < USUAL_TEXT_BYTES) text += ` ${draw()}`
    return text
  })
}
