/**
 * Files in a run: people hand some in, of drawn sizes, and ask for those of others. In the end whoever asked has the file, whole and as
 * it was handed in, whatever was cut or lost on the way.
 */
import { createHash } from 'node:crypto'
import type { ChannelId, FileId } from '#base/ids.ts'
import { fileRange, type FetchRecord, type FileRecord } from '#sync/file-records.ts'
import { keptKey, keptRange } from '#sync/kept-keys.ts'
import { unpack } from '#sync/records.ts'
import type { Member } from './fleet.ts'
import type { Actor, Society } from './society.ts'
import { isByHand, reachOf, type Topology } from './topology.ts'
import type { Marks } from './trace.ts'

/** Somebody asked for a file. */
interface Asked {
  readonly member: Member
  readonly file: FileId
}

/** What is known of all files of a run. */
export interface FileBook {
  /** SHA-256 of what was handed in, by the file's id. */
  readonly hashes: Map<FileId, string>
  readonly asked: Asked[]
}

/** No file yet. */
export function openFileBook(): FileBook {
  return { hashes: new Map(), asked: [] }
}

const BYTES_MIN = 100
const BYTES_MAX = 24_000

/** Hands a file in. */
export async function keepFile(actor: Actor, channel: ChannelId): Promise<FileId> {
  const { society, node, self, chance } = actor
  const bytes = chance.bytes(chance.between(BYTES_MIN, chance.pick([1_000, BYTES_MAX])))
  const draft = { channel, name: 'report.bin', type: 'application/octet-stream' }
  const { id } = await node.keepFile(self, draft, once(bytes))
  society.files.hashes.set(id, hashOf(bytes))
  society.marks.count('file.handed-in')
  return id
}

/** Asks for a file that is not here, or stops one that is on its way. */
export async function askForFile({ society, member, node, self, chance }: Actor): Promise<void> {
  const known = [...society.files.hashes.keys()]
  if (known.length === 0) return
  const seen = await Promise.all(known.map((id) => node.file(self, id).catch(() => undefined)))
  const away = seen.filter((file) => file?.isHere === false)
  if (away.length === 0) return
  const file = chance.pick(away)
  if (file === undefined) return
  const { id } = file
  const { asked } = society.files
  if (file.fetch?.isAsked === true && chance.happens(0.2)) {
    const before = asked.findIndex((one) => one.member === member && one.file === id)
    if (before >= 0) asked.splice(before, 1)
    await node.cancelFetch(self, id)
    society.marks.count('file.cancelled')
    return
  }
  await node.fetchFile(self, id)
  society.marks.count('file.asked')
  asked.push({ member, file: id })
}

/** Asks for every file that is known and not here. */
export async function askForAllFiles({ society, member, node, self }: Actor): Promise<void> {
  const { hashes, asked } = society.files
  for (const id of hashes.keys()) {
    const file = await node.file(self, id).catch(() => undefined)
    if (file === undefined || file.isHere || file.fetch?.isAsked === true) continue
    await node.fetchFile(self, id)
    society.marks.count('file.asked')
    asked.push({ member, file: id })
  }
}

/** A node is switched on while a file is on its way: it goes on where it was. */
export function markResumed(marks: Marks, { disk }: Pick<Member, 'disk'>): void {
  const had = disk
    .durable(fileRange.fetches)
    .some(([, value]) => (unpack<FetchRecord>(value)?.have ?? []).length > 0)
  if (had) marks.count('file.resumed')
}

/**
 * What somebody asked for and some honest node can still give, over honest nodes alone: by sticks too, to a kit that nothing else
 * ever reaches, unless only what `links` bring is meant.
 */
export function filesComing(
  { files, members, topology }: Pick<World, 'files' | 'members' | 'topology'>,
  ways: 'all' | 'links',
): readonly Asked[] {
  const isMeant = ({ index, capturedAt }: Member): boolean =>
    capturedAt === undefined && !(ways === 'links' && isByHand(topology, index))
  const honest = members.filter(isMeant)
  const inside = new Set(honest.map(({ index }) => index))
  const comes = ({ member, file }: Asked): boolean => {
    if (!isMeant(member) || !isFetching(member, file)) return false
    const reached = reachOf(topology, member.index, inside)
    return honest.some((one) => one !== member && reached.has(one.index) && has(one, file))
  }
  return files.asked.filter(comes)
}

interface World extends Society {
  readonly members: readonly Member[]
  readonly topology: Topology
}

function has({ disk }: Member, file: FileId): boolean {
  return disk.durable({ from: keptKey.file(file), to: `${keptKey.file(file)} ` }).length > 0
}

/** Whether a node still knows that somebody asked; a disk that was put back may know only that there is such a file. */
function isFetching({ disk }: Member, file: FileId): boolean {
  return disk.durable(fileRange.fetches).some(([, value]) => {
    const record = unpack<FetchRecord>(value)
    return record?.file?.id === file && record.isAsked
  })
}

/** Every file that is anywhere is what was handed in, and what was asked for is there. */
export async function checkFiles(world: World): Promise<void> {
  const { verdict, files, members, marks } = world
  for (const { member, file } of filesComing(world, 'all'))
    verdict.fail({
      broken: 'liveness: everything drains',
      where: member.name,
      wanted: `file ${file}, which was asked for and others have`,
      found: 'it has not come',
    })
  for (const member of members.filter(({ capturedAt }) => capturedAt === undefined))
    for (const [, value] of member.disk.durable(keptRange.files)) {
      const record = unpack<FileRecord>(value)
      const hash = record && files.hashes.get(record.id)
      if (record === undefined || hash === undefined) continue
      if (record.isFetched === true) marks.count('file.came')
      const found = await hashIn(member, record.hash)
      if (found === hash) continue
      const [broken, where] = ['promise 1: no lost promise', member.name] as const
      verdict.fail({ broken, where, wanted: `file ${record.id} as it was handed in`, found })
    }
}

async function hashIn({ blobs }: Member, hash: string): Promise<string> {
  const content = await blobs.read(hash)
  if (content === undefined) return 'nothing'
  const digest = createHash('sha256')
  for await (const part of content) digest.update(part)
  return digest.digest('hex')
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
