/** One channel that two nodes of a bench write to. */
import { must } from '#base/assert.ts'
import { hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import {
  idFromBytes,
  newPersonId,
  type ChannelId,
  type DocumentId,
  type FileId,
  type UserId,
} from '#base/ids.ts'
import { newChannelId } from '#model/channel-id.ts'
import { DIRECTORY } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import type { Lane } from '#model/precedence.ts'
import { writeHere } from '#sync/author.ts'
import { beginFetch, noteHeld } from '#sync/file-fetching.ts'
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

/** Hands in a file of so many bytes that nothing makes smaller, in a message of its own; `asking` wants it by whatever link there is. */
export async function postFile(
  node: TrustNode,
  { channel, bytes, asking }: { readonly channel: ChannelId; bytes: number; asking: TrustNode },
): Promise<void> {
  const { context } = node
  const owner = personOf(node)
  const chance = chanceFrom(bytes)
  const content = Uint8Array.from({ length: bytes }, () => Math.floor(chance() * 256))
  const hash = hexFromBytes(sha256(content))
  const id = idFromBytes<FileId>(seedOf('file').subarray(0, 16))
  const header = { id, name: 'map.bin', type: 'application/octet-stream', bytes, hash }
  const file = { ...header, channel, owner, createdAt: context.now() }
  await context.files.blobs.keep(once(content), bytes, async (tx) => {
    noteHeld(tx, context, file)
    context.files.blobs.use(tx, { hash, id })
    const document = await segmentFor(tx, { channel, lane: 'routine' }, context.now())
    const said = { kind: 'post', body: '', root: undefined, files: [header] } as const
    const entry = { author: owner, claimedAt: context.now(), content: said }
    await writeHere(tx, context, { document, entry })
  })
  const { context: other } = asking
  await other.replica.commit((tx) => beginFetch(tx, other, { file, isAsked: true }))
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
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
