/**
 * automerge-repo: what two of its repositories say to each other to make their replicas one. They live in this process; each
 * message is encoded as its network adapters encode it (CBOR), and its bytes are counted. Greetings, WebSocket and TLS are not.
 */
import * as Automerge from '@automerge/automerge'
import {
  cbor,
  generateAutomergeUrl,
  NetworkAdapter,
  parseAutomergeUrl,
  Repo,
  type DocHandle,
  type DocumentId as RepoDocument,
  type Message,
  type PeerId,
} from '@automerge/automerge-repo'
import { must } from '#base/assert.ts'
import type { DocumentId } from '#base/ids.ts'
import { realClock } from '#ports/real.ts'
import type { Apart } from './sync-automerge.ts'

/** What was said. */
interface Said {
  readonly bytes: number
  readonly messages: number
}

type Content = Record<string, unknown>

/** It waits 100 ms for company before it says anything, and asks itself the same again after each answer. */
const QUIET_MS = 1_000
const LOOK_MS = 50
const PATIENCE_MS = 120_000

/** Two repositories that have met before, were apart, and meet again. */
export async function repoSync(documents: ReadonlySet<DocumentId>, apart: Apart): Promise<Said> {
  const wire = openWire()
  const [one, other] = [wire.repo('one' as PeerId), wire.repo('other' as PeerId)]
  const pairs = [...documents].map((document): Pair => {
    const { documentId } = parseAutomergeUrl(generateAutomergeUrl())
    const before = saved(apart.before.get(document))
    return {
      document,
      one: imported(one, before, documentId),
      other: imported(other, before, documentId),
    }
  })
  wire.join()
  await settled(wire, pairs)
  wire.part()
  for (const { document, one: here, other: there } of pairs) {
    here.update((doc) => applied(doc, apart.alpha.get(document)))
    there.update((doc) => applied(doc, apart.bravo.get(document)))
  }
  // What is waiting to be said is said to nobody.
  await pause(QUIET_MS)
  const before = wire.said()
  wire.join()
  await settled(wire, pairs)
  const after = wire.said()
  wire.part()
  await Promise.all([one.shutdown(), other.shutdown()])
  return { bytes: after.bytes - before.bytes, messages: after.messages - before.messages }
}

interface Pair {
  readonly document: DocumentId
  readonly one: DocHandle<Content>
  readonly other: DocHandle<Content>
}

function saved(changes: readonly Uint8Array[] = []): Uint8Array {
  const doc = applied(Automerge.init<Content>({ actor: '00' }), changes)
  const bytes = Automerge.save(doc)
  Automerge.free(doc)
  return bytes
}

function applied(
  doc: Automerge.Doc<Content>,
  changes: readonly Uint8Array[] = [],
): Automerge.Doc<Content> {
  const [changed] = Automerge.applyChanges(doc, [...changes])
  return changed
}

function imported(repo: Repo, bytes: Uint8Array, docId: RepoDocument): DocHandle<Content> {
  return repo.import<Content>(bytes, { docId })
}

/** Resolves when both have the same of everything and nothing has been said for a while. */
async function settled(wire: Wire, pairs: readonly Pair[]): Promise<void> {
  let [messages, quietMs] = [-1, 0]
  for (let ms = 0; ms < PATIENCE_MS; ms += LOOK_MS) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    await pause(LOOK_MS)
    quietMs = messages === wire.said().messages ? quietMs + LOOK_MS : 0
    messages = wire.said().messages
    if (quietMs >= QUIET_MS && pairs.every(isOne)) return
  }
  throw new Error('automerge-repo did not converge')
}

function isOne({ one, other }: Pair): boolean {
  return String(one.heads().toSorted()) === String(other.heads().toSorted())
}

function pause(ms: number): Promise<void> {
  return realClock().sleep(ms, new AbortController().signal)
}

interface Wire {
  readonly repo: (peer: PeerId) => Repo
  readonly join: () => void
  readonly part: () => void
  readonly said: () => Said
}

/** A way between two repositories that is up or down. */
function openWire(): Wire {
  const ends = new Map<PeerId, NetworkAdapter>()
  const [said, state] = [{ bytes: 0, messages: 0 }, { isUp: false }]
  const carry = (message: Message): void => {
    if (!state.isUp) return
    const bytes = cbor.encode(message)
    said.bytes += bytes.length
    said.messages += 1
    const end = must(ends.get(message.targetId), 'there are two')
    queueMicrotask(() => void end.emit('message', cbor.decode(bytes)))
  }
  const each = (tell: (end: NetworkAdapter, far: PeerId) => void): void => {
    for (const [peer, end] of ends) for (const far of ends.keys()) if (far !== peer) tell(end, far)
  }
  return {
    repo: (peer) => {
      const end = adapterOf(carry)
      ends.set(peer, end)
      return new Repo({ peerId: peer, network: [end] })
    },
    join: () => {
      state.isUp = true
      each((end, peerId) => void end.emit('peer-candidate', { peerId, peerMetadata: {} }))
    },
    part: () => {
      state.isUp = false
      each((end, peerId) => void end.emit('peer-disconnected', { peerId }))
    },
    said: () => ({ ...said }),
  }
}

function adapterOf(carry: (message: Message) => void): NetworkAdapter {
  return new (class extends NetworkAdapter {
    isReady = (): boolean => true
    whenReady = async (): Promise<void> => undefined
    connect = (peerId: PeerId): void => void (this.peerId = peerId)
    disconnect = (): void => undefined
    send = carry
  })()
}
