/**
 * The first sync of a new kit with a large workspace, over a LAN: everything as deltas, sealed and signed, as a stick would carry them, too;
 * beside the same documents as snapshots that Automerge writes, packed by brotli and neither sealed nor signed.
 *
 * `ours_*` is what the hub hands to its carrier, and the time from the kit's start until it has everything, checked, on its (memory)
 * disk, both nodes in this one process. `snapshot_*` is writing all snapshots, and reading them again without any check of who wrote what.
 * `late_*` is what the kit then takes for ten more messages: deltas from there on.
 */
import { brotliCompressSync, constants } from 'node:zlib'
import { must } from '#base/assert.ts'
import type { DocumentId } from '#base/ids.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { foldDocument, loadDocument } from '#model/document.ts'
import type { Carrier } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import { allDocuments, clockOf } from '#sync/ledger.ts'
import { virtualClock } from '../../test/support/clock.ts'
import { rounded } from './statistics.ts'
import { channelOf, enter, post, textsOf } from './sync-posts.ts'
import { identities, logOf, openTrustNode, type TrustNode } from './trust-node.ts'

/** How much, and the clock of this machine. */
export interface FirstSyncOptions {
  readonly messages: number
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly tell: (line: string) => void
}

const DELAY_MS = 1
const STEP_MS = 20
const LATE_POSTS = 10
/** Steps that the nodes are given. */
const PATIENCE = 200_000

/** Measures both. */
export async function measureFirstSync(
  options: FirstSyncOptions,
): Promise<Readonly<Record<string, number>>> {
  const { messages, tell, clock: real } = options
  await using stack = new AsyncDisposableStack()
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock, delayMs: DELAY_MS })
  const [first, second] = identities(2, clock.now())
  const members = [must(first, 'a hub'), must(second, 'a kit')]
  const sent = { bytes: 0, parcels: 0 }
  const open = async (at: number): Promise<TrustNode> => {
    const identity = must(members[at], 'there is one')
    const carrier = network.open(identity.certificate.node)
    const counting: Carrier = {
      ...carrier,
      send: (peer, parcel, signal) => {
        if (at === 0) sent.parcels += 1
        if (at === 0) sent.bytes += parcel.bytes.length
        return carrier.send(peer, parcel, signal)
      },
    }
    return stack.use(await openTrustNode(identity, members, { clock, carriers: [counting] }))
  }
  const hub = await open(0)
  const channel = channelOf(hub)
  await enter(hub, channel)
  const texts = textsOf(messages, 5)
  await post(hub, { channel }, texts)
  await clock.advance(60_000)
  tell(`${messages} messages written`)

  const beganMs = real.monotonicMs()
  const kit = await open(1)
  const until = async (): Promise<void> => {
    for (let step = 0; step < PATIENCE; step += 1) {
      if ((await sizesOf(hub)) === (await sizesOf(kit))) return
      await clock.advance(STEP_MS)
    }
    throw new Error('the kit did not get everything')
  }
  await until()
  const oursMs = real.monotonicMs() - beganMs
  const ours = { ...sent }
  tell(`they are on the kit: ${ours.bytes} B`)
  await post(hub, { channel }, textsOf(LATE_POSTS, 6))
  await until()
  const snapshots = await snapshotsOf(hub, real)
  const textBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  return {
    messages,
    text_b: textBytes,
    ours_b: ours.bytes,
    ours_b_a_message: rounded(ours.bytes / messages),
    ours_parcels: ours.parcels,
    ours_ms: rounded(oursMs, 0),
    ...snapshots,
    bytes_ratio: rounded(snapshots.snapshot_b / ours.bytes, 2),
    time_ratio: rounded((snapshots.snapshot_write_ms + snapshots.snapshot_read_ms) / oursMs, 3),
    late_b: sent.bytes - ours.bytes,
    late_parcels: sent.parcels - ours.parcels,
  }
}

async function snapshotsOf(hub: TrustNode, { monotonicMs }: Pick<Clock, 'monotonicMs'>) {
  let [bytes, writeMs, readMs] = [0, 0, 0]
  for (const document of await segmentsOf(hub)) {
    const log = await logOf(hub, document)
    const beganMs = monotonicMs()
    const snapshot = must(foldDocument(log), 'Automerge writes it')
    const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY }
    bytes += brotliCompressSync(snapshot, { params: quality }).length
    const writtenMs = monotonicMs()
    must(loadDocument(document, snapshot, { loose: [] }), 'it is read again')
    writeMs += writtenMs - beganMs
    readMs += monotonicMs() - writtenMs
  }
  return {
    snapshot_b: bytes,
    snapshot_write_ms: rounded(writeMs, 0),
    snapshot_read_ms: rounded(readMs, 0),
  }
}

async function segmentsOf({ context }: TrustNode): Promise<readonly DocumentId[]> {
  return (await allDocuments(context.replica.read)).filter((one) => one.startsWith('s.'))
}

/** What a node has of every segment. */
async function sizesOf(node: TrustNode): Promise<string> {
  const { read } = node.context.replica
  const sizes: unknown[] = []
  for (const document of await segmentsOf(node)) {
    const has = Object.entries(await clockOf(read, document))
    sizes.push([document, has.toSorted(([a], [b]) => (a < b ? -1 : 1))])
  }
  return JSON.stringify(sizes)
}
