/** A hub and kits that hand files in and fetch them, over a network in memory with a pace of its own. */
import type { Test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import type { KnownFile } from '#app/file-types.ts'
import type { Person } from '#app/types.ts'
import { must } from '#base/assert.ts'
import type { FileId } from '#base/ids.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import type { Blobs } from '#ports/blobs.ts'
import type { Previewer } from '#ports/previewer.ts'
import type { Carrier, LinkRoom, Parcel } from '#ports/carrier.ts'
import { openMemoryBlobs } from '#storage/memory-blobs.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { virtualClock, type VirtualClock } from './clock.ts'
import { collectingLog } from './log.ts'
import { aNode, anAdministrator, anIdentity, seedOf, type NodeChoice } from './nodes.ts'
import { seededRandom } from './random.ts'

/** What a link is like. */
export interface Link {
  readonly room?: LinkRoom
  readonly isMetered?: boolean
  readonly delayMs?: number
  /** What looks at files that are handed in. */
  readonly previewer?: Previewer
  /** What the folder of files of a node is in truth. */
  readonly blobsOf?: (index: number, blobs: Blobs) => Blobs
}

/** A node of the fleet, which can be switched off and on. */
export interface FileNode {
  readonly name: string
  readonly node: () => EdgeNode
  readonly person: Person
  /** Every parcel it has handed to its carrier. */
  readonly sent: readonly Parcel[]
  /** Hashes of the files that lie on its disk. */
  readonly blobs: () => readonly string[]
  /** Keys of its store that begin so. */
  readonly keys: (prefix: string) => Promise<readonly string[]>
  readonly off: () => Promise<void>
  readonly on: () => Promise<void>
}

/** Nodes that know each other, and who is in contact with whom. */
export interface FileFleet {
  readonly clock: VirtualClock
  readonly nodes: readonly FileNode[]
  readonly cut: (a: number, b: number) => void
  readonly heal: (a: number, b: number) => void
}

/** Opens a fleet: the first is a hub, the others kits. All are in contact unless cut. */
export async function aFleetWithFiles(
  t: Test,
  names: readonly string[],
  link: Link = {},
): Promise<FileFleet> {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock, delayMs: link.delayMs ?? 20 })
  const identities = names.map((name, index) => anIdentity(name, index + 1, roleOf(index)))
  const ids = identities.map(({ certificate }) => certificate.node)
  const idAt = (index: number) => must(ids[index], 'there is such a node')
  const nodes: FileNode[] = []
  for (const [index, name] of names.entries()) {
    const sent: Parcel[] = []
    const { blobsOf = (_, blobs) => blobs } = link
    const lying = new Set<string>()
    const disk = {
      store: openMemoryStore(),
      blobs: watched(blobsOf(index, openMemoryBlobs()), lying),
    }
    let boots = 0
    const open = () => {
      boots += 1
      const choice: NodeChoice = {
        ...disk,
        ...(link.previewer && { previewer: link.previewer }),
        clock,
        number: index + 1,
        role: roleOf(index),
        random: seededRandom(index + 100 * boots),
        log: collectingLog(),
        knows: identities.filter((_, other) => other !== index),
        carriers: [paced(network.open(idAt(index)), link, sent)],
      }
      return aNode(name, choice)
    }
    let node: (EdgeNode & AsyncDisposable) | undefined = await open()
    const off = async () => {
      await node?.[Symbol.asyncDispose]()
      node = undefined
    }
    t.teardown(off)
    await clock.advance(1_000)
    nodes.push({
      name,
      node: () => must(node, 'it is on'),
      person: await anAdministrator(node, `on-${name}`),
      sent,
      blobs: () => [...lying],
      keys: async (prefix) => {
        const entries = await disk.store.list({ from: prefix, to: `${prefix}~` })
        return entries.map(([place]) => place)
      },
      off,
      on: async () => {
        node = await open()
      },
    })
    await clock.advance(1_000)
  }
  return {
    clock,
    nodes,
    cut: (a, b) => network.cut(idAt(a), idAt(b)),
    heal: (a, b) => network.heal(idAt(a), idAt(b)),
  }
}

function roleOf(index: number): 'hub' | 'kit' {
  return index === 0 ? 'hub' : 'kit'
}

/** Notes what lies there. */
function watched(blobs: Blobs, lying: Set<string>): Blobs {
  return {
    ...blobs,
    write: async (source, bytesMax) => {
      const blob = await blobs.write(source, bytesMax)
      lying.add(blob.hash)
      return blob
    },
    remove: async (hash) => {
      lying.delete(hash)
      await blobs.remove(hash)
    },
  }
}

function paced(carrier: Carrier, { room, isMetered }: Link, sent: Parcel[]): Carrier {
  return {
    ...carrier,
    ...(room && { room: () => room }),
    ...(isMetered === true && { isMetered }),
    send: (peer, parcel, signal) => {
      sent.push(parcel)
      return carrier.send(peer, parcel, signal)
    },
  }
}

/** Bytes that cannot be made smaller. */
export function noise(name: string, length: number): Uint8Array {
  const parts: Uint8Array[] = []
  for (let at = 0; at < length; at += 32) parts.push(seedOf(`${name} ${at}`))
  return new Uint8Array(Buffer.concat(parts)).subarray(0, length)
}

/** Somebody posts a file in `town-square`. */
export async function postFile(
  { node, person }: Pick<FileNode, 'node' | 'person'>,
  bytes: Uint8Array,
  name = 'map.bin',
): Promise<FileId> {
  const square = await node().channelByName(person.id, 'town-square')
  const draft = { channel: square.id, name, type: 'application/octet-stream' }
  const { id } = await node().keepFile(person.id, draft, once(bytes))
  await node().post(person.id, { channel: square.id, body: name, files: [id] })
  return id
}

/** All of it in one part. */
export async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

/** The file as this node shows it; undefined while its message has not come. */
export async function fileAt(
  { node, person }: FileNode,
  id: FileId,
): Promise<KnownFile | undefined> {
  return node()
    .file(person.id, id)
    .catch(() => undefined)
}

/** Its bytes. */
export async function bytesAt({ node, person }: FileNode, id: FileId): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of await node().readFile(person.id, id)) parts.push(part)
  return new Uint8Array(Buffer.concat(parts))
}
