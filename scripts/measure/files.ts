/**
 * Files over thin links: each of a folder, handed in on a kit and asked for at headquarters, over recorded links with their outages,
 * played in virtual time; an outage of more than two minutes is cut to that, as nothing happens in it. Two whole nodes; the link is `files-link.ts`.
 *
 * `files_whole` of `files` came with the right hash. `resent_ratio` is what left as pieces beyond each byte once, over all that had to
 * come; what was in the air, or half way, when the link went is in it. `flash_wait_frames` is the most parcels that any of the flash messages posted meanwhile had to let pass, one half way included.
 * `worst_trace_resent_ratio` is that over the worst link. `fill_ratio` is the share of what the link could carry that was pieces.
 * `restarting_*` is what begins again at byte 0 and gives up after 60 s, as Mattermost's remote clusters do
 * (its source: `model.NewRemoteClusterConf`, one request a file), in the time that we took, with no byte around files counted.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '#base/assert.ts'
import type { FileId, NodeId } from '#base/ids.ts'
import { bytesIn, joinSpans, type Spans } from '#base/spans.ts'
import { openEnvelope } from '#codec/envelope.ts'
import { decodeLoad } from '#codec/load.ts'
import type { PiecePlace } from '#codec/piece.ts'
import type { EdgeNode } from '#app/node.ts'
import type { Person } from '#app/types.ts'
import { openKeyring } from '#trust/epoch.ts'
import { virtualClock, type VirtualClock } from '../../test/support/clock.ts'
import {
  aNode,
  anAdministrator,
  anIdentity,
  organisation,
  organisationSecret,
  rosterOf,
} from '../../test/support/nodes.ts'
import { seededRandom } from '../../test/support/random.ts'
import { readLinkTrace, type LinkTrace, type Trace, type TraceRow } from '../link/trace.ts'
import { openTracedLink, rowAt, usableBps, type OnParcel, type TracedLink } from './files-link.ts'
import { rounded } from './statistics.ts'

/** What the bench may be told. */
export interface FilesBenchOptions {
  /** Where files and traces lie. */
  readonly data: string
  /** Few files over one trace: only to see that it runs. */
  readonly isSmall: boolean
  readonly tell: (line: string) => void
}

const TRACES = /^(?:iridium_dialup_\w+|cell_evdo_driving)\.up\.csv$/
const STEP_MS = 30_000
const FLASH_EVERY_MS = 60_000
/** Longer outages of a trace are cut short. */
const OUTAGE_MS_MAX = 120_000
const DAYS_MAX = 40
const SMALL_BYTES_MAX = 90_000
const TIMEOUT_MS = 60_000

interface Sum {
  files: number
  whole: number
  fileBytes: number
  sentBytes: number
  neededBytes: number
  pieceBytes: number
  capacity: number
  worst: number
  flashWait: number
  flashes: number
  restartingWhole: number
  restartingSentBytes: number
}

/** Measures all traces, one after another. */
export async function measureFiles({
  data,
  isSmall,
  tell,
}: FilesBenchOptions): Promise<Readonly<Record<string, number>>> {
  const folder = join(data, 'files')
  const files = readdirSync(folder)
    .filter((name) => name !== 'manifest.jsonl')
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(folder, name))) }))
    .filter(({ bytes }) => !isSmall || bytes.length <= SMALL_BYTES_MAX)
  const traces = readdirSync(join(data, 'network')).filter((name) => TRACES.test(name))
  const sum: Sum = {
    files: 0,
    whole: 0,
    fileBytes: 0,
    sentBytes: 0,
    neededBytes: 0,
    pieceBytes: 0,
    capacity: 0,
    worst: 0,
    flashWait: 0,
    flashes: 0,
    restartingWhole: 0,
    restartingSentBytes: 0,
  }
  for (const name of isSmall ? traces.slice(-1) : traces) {
    const trace = hurried(readLinkTrace(join(data, 'network', name)))
    await measureOver(trace, { files, sum, tell })
  }
  return {
    files_whole: sum.whole,
    files: sum.files,
    resent_ratio: rounded((sum.sentBytes - sum.neededBytes) / sum.neededBytes, 4),
    flash_wait_frames: sum.flashWait,
    flashes: sum.flashes,
    worst_trace_resent_ratio: rounded(sum.worst, 4),
    fill_ratio: rounded(sum.pieceBytes / sum.capacity, 3),
    restarting_files_whole: sum.restartingWhole,
    restarting_sent_ratio: rounded(sum.restartingSentBytes / sum.fileBytes, 2),
  }
}

/** The same link, but that no outage is longer than some minutes: nothing happens while it is away. */
function hurried({ name, up, down }: LinkTrace): LinkTrace {
  return { name, up: hurriedWay(up), down: hurriedWay(down) }
}

function hurriedWay({ rows, lengthMs }: Trace): Trace {
  let atMs = 0
  const moved: TraceRow[] = []
  for (const [index, row] of rows.entries()) {
    const ms = (rows[index + 1]?.atMs ?? lengthMs) - row.atMs
    moved.push({ ...row, atMs })
    atMs += row.isUp ? ms : Math.min(ms, OUTAGE_MS_MAX)
  }
  return { rows: moved, lengthMs: atMs }
}

interface SomeFile {
  readonly name: string
  readonly bytes: Uint8Array
}

async function measureOver(
  trace: LinkTrace,
  {
    files,
    sum,
    tell,
  }: {
    readonly files: readonly SomeFile[]
    readonly sum: Sum
    readonly tell: (line: string) => void
  },
): Promise<void> {
  await using site = await openSite(trace)
  const { clock, hub, kit, seen } = site
  const startMs = clock.monotonicMs()
  const ids = await handIn(site, files)
  const wanted = new Set(ids)
  let flashAtMs = startMs + FLASH_EVERY_MS
  while (wanted.size > 0 && clock.monotonicMs() - startMs < DAYS_MAX * 86_400_000) {
    // Nothing happens while the link is away.
    await clock.advance(site.link.isUp() ? STEP_MS : Math.max(1_000, site.link.changesInMs()))
    for (const id of wanted) {
      const file = await hub.node.file(hub.person.id, id).catch(() => undefined)
      if (file?.isHere === true) wanted.delete(id)
      else if (file !== undefined && file.fetch?.isAsked !== true)
        await hub.node.fetchFile(hub.person.id, id)
    }
    if (clock.monotonicMs() < flashAtMs || !site.link.isUp()) continue
    flashAtMs = clock.monotonicMs() + FLASH_EVERY_MS
    seen.flashSaid(site.link.isSending())
    await say(kit, 'Medevac at the mill', 'flash')
  }
  const tookMs = clock.monotonicMs() - startMs
  const bytes = files.reduce((all, file) => all + file.bytes.length, 0)
  const restarting = restartFromZero(trace, files, tookMs)
  const needed = seen.neededBytes()
  sum.files += files.length
  sum.whole += files.length - wanted.size
  sum.fileBytes += bytes
  sum.sentBytes += seen.sentBytes()
  sum.neededBytes += needed
  sum.pieceBytes += seen.pieceBytes()
  sum.worst = Math.max(sum.worst, (seen.sentBytes() - needed) / Math.max(1, needed))
  sum.capacity += site.link.capacity()
  sum.flashWait = Math.max(sum.flashWait, seen.flashWait())
  sum.flashes += seen.flashes()
  sum.restartingWhole += restarting.whole
  sum.restartingSentBytes += restarting.sentBytes
  tell(
    `${trace.name}: ${files.length - wanted.size} of ${files.length} files, ${bytes} bytes in ${rounded(tookMs / 3_600_000, 1)} h; ` +
      `resent ${rounded((seen.sentBytes() - needed) / Math.max(1, needed), 4)}, flash waited for ${seen.flashWait()} at most; ` +
      `restarting from byte 0: ${restarting.whole} files`,
  )
}

interface Side {
  readonly node: EdgeNode & AsyncDisposable
  readonly person: Person
}

interface Site extends AsyncDisposable {
  readonly clock: VirtualClock
  readonly hub: Side
  readonly kit: Side
  readonly link: TracedLink
  readonly seen: Seen
}

async function openSite(trace: LinkTrace): Promise<Site> {
  const clock = virtualClock()
  const stop = new AbortController()
  const [h, k] = [anIdentity('hub', 1, 'hub'), anIdentity('kit', 2)]
  const seen = openSeen([h, k])
  const ids: { readonly hub: NodeId; readonly kit: NodeId } = {
    hub: h.certificate.node,
    kit: k.certificate.node,
  }
  const { signal } = stop
  const link = openTracedLink({ clock, trace, signal }, { ...ids, onParcel: seen.parcel })
  const hub = await aNode('hub', {
    clock,
    number: 1,
    role: 'hub',
    knows: [k],
    carriers: [link.hub],
    random: seededRandom(1),
  })
  const kit = await aNode('kit', {
    clock,
    number: 2,
    knows: [h],
    carriers: [link.kit],
    random: seededRandom(2),
  })
  await clock.advance(1_000)
  return {
    clock,
    link,
    seen,
    hub: { node: hub, person: await anAdministrator(hub, 'amira') },
    kit: { node: kit, person: await anAdministrator(kit, 'bo') },
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      const closing = [hub, kit].map((node) => node[Symbol.asyncDispose]())
      await clock.advance(10_000)
      await Promise.all(closing)
    },
  }
}

async function handIn({ kit }: Site, files: readonly SomeFile[]): Promise<readonly FileId[]> {
  const { node, person } = kit
  const square = await node.channelByName(person.id, 'town-square')
  const ids: FileId[] = []
  for (const { name, bytes } of files) {
    const draft = { channel: square.id, name, type: 'application/octet-stream' }
    const { id } = await node.keepFile(person.id, draft, once(bytes))
    await node.post(person.id, { channel: square.id, body: name, files: [id] })
    ids.push(id)
  }
  return ids
}

async function say({ node, person }: Side, body: string, lane: 'flash'): Promise<void> {
  const square = await node.channelByName(person.id, 'town-square')
  await node.post(person.id, { channel: square.id, body, lane })
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

/** What left the kit. */
interface Seen {
  readonly parcel: OnParcel
  readonly flashSaid: (isSending: boolean) => void
  readonly flashWait: () => number
  readonly flashes: () => number
  /** Bytes of files in pieces that left, and each of them once. */
  readonly sentBytes: () => number
  readonly neededBytes: () => number
  /** Bytes of parcels that were pieces. */
  readonly pieceBytes: () => number
}

function openSeen(members: readonly ReturnType<typeof anIdentity>[]): Seen {
  const roster = rosterOf(members)
  const keyring = openKeyring(organisation.suite, organisation.id, organisationSecret)
  const spans = new Map<string, Spans>()
  let [sent, waited, most, flashes, pieceBytes, isWaiting] = [0, 0, 0, 0, 0, false]
  const pieceIn = (bytes: Uint8Array): PiecePlace | undefined => {
    const opened = openEnvelope(bytes, roster, keyring)
    if (!opened.ok) return undefined
    const wrapping = { scope: opened.key.scope, sender: opened.actor, roster }
    return decodeLoad(opened.body, wrapping)?.piece
  }
  const countShare = async (
    share: Promise<number>,
    piece: { readonly length: number; readonly bytes: number },
  ): Promise<void> => {
    const part = await share
    sent += part * piece.length
    pieceBytes += part * piece.bytes
  }
  return {
    parcel: ({ bytes, lane }, share) => {
      if (lane === 'flash' && isWaiting) {
        most = Math.max(most, waited)
        flashes += 1
        isWaiting = false
      } else if (isWaiting) waited += 1
      const piece = lane === 'routine' ? pieceIn(bytes) : undefined
      if (piece === undefined) return
      const { name, from, to } = piece
      void countShare(share, { length: to - from, bytes: bytes.length })
      spans.set(name, joinSpans(spans.get(name) ?? [], [[from, to]]))
    },
    flashSaid: (isSending) => {
      isWaiting = true
      waited = isSending ? 1 : 0
    },
    flashWait: () => most,
    flashes: () => flashes,
    sentBytes: () => sent,
    pieceBytes: () => pieceBytes,
    neededBytes: () => [...spans.values()].reduce((sum, one) => sum + bytesIn(one), 0),
  }
}

/** One request for each file, in turn, from byte 0 whenever the link went or a minute was over. */
function restartFromZero(
  { up }: LinkTrace,
  files: readonly SomeFile[],
  lengthMs: number,
): { readonly whole: number; readonly sentBytes: number } {
  const left = [...files]
  let [atMs, sentBytes] = [0, 0]
  while (left.length > 0 && atMs < lengthMs) {
    const file = must(left.shift(), 'there is one')
    const until = atMs + TIMEOUT_MS
    let bytes = 0
    while (atMs < until && bytes < file.bytes.length) {
      const row = rowAt(up, atMs)
      atMs += 100
      if (!row.isUp) break
      bytes += usableBps(row) / 80
    }
    sentBytes += Math.min(bytes, file.bytes.length)
    if (bytes < file.bytes.length) left.push(file)
  }
  return { whole: files.length - left.length, sentBytes: Math.round(sentBytes) }
}
