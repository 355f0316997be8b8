/**
 * What must hold when the faults have stopped and everything has drained: promises 1, 3 and 6 on what people see, and
 * that no disk holds anything that still wants to go somewhere. All of it among honest nodes, and in a channel that is not
 * public among those that belong to it (headquarters and the homes of its members) and reach each other without anybody
 * in between who does not. What was written on a captured node and came to nobody in time is lost with it.
 */
import type { Message } from '#app/types.ts'
import {
  nodePrefix,
  nodePrefixOfPerson,
  type DocumentId,
  type Instant,
  type NodeId,
  type UserId,
} from '#base/ids.ts'
import { kindOfChannel } from '#model/channel-id.ts'
import { channelOfDocument, parseDocumentId } from '#model/document-id.ts'
import { loadDocument } from '#model/document.ts'
import { key, range } from '#sync/keys.ts'
import { unpack, type DocumentRecord } from '#sync/records.ts'
import { FORGED } from './capture.ts'
import type { Sealing } from './evidence.ts'
import { firstItemsOf } from './deeds.ts'
import { hasLeft } from './departures.ts'
import type { Member } from './fleet.ts'
import { markerOf, numbersIn, type ItemWord, type Said } from './said.ts'
import { isByHand, reachOf, type Topology } from './topology.ts'
import type { Verdict } from './verdict.ts'
import { checkLeftovers, isCapturedsOwn, isUnfounded } from './leftovers.ts'
import { readView, type ChannelView, type View } from './view.ts'

/** What is checked. */
export interface EndGround {
  readonly members: readonly Member[]
  readonly said: readonly Said[]
  readonly verdict: Verdict
  readonly topology: Topology
  /** When the last of these nodes had heard that a node is out; undefined as long as one has not. */
  readonly allHeardAt: (node: NodeId, nodes: readonly NodeId[]) => Instant | undefined
  readonly sealingOf: (envelope: Uint8Array) => Sealing | undefined
}

/** All end checks. Every honest member must be on. Gives what headquarters shows. */
export async function checkEnd(ground: EndGround): Promise<View | undefined> {
  const honest = ground.members.filter(({ capturedAt }) => capturedAt === undefined)
  const views = new Map<Member, View>()
  for (const member of honest) {
    const node = member.boot?.node
    if (node !== undefined) views.set(member, await readView(node))
  }
  const [[headquarters, reference] = [undefined, undefined]] = views
  if (reference === undefined || headquarters === undefined) return undefined
  const end = { ...ground, honest, reference, headquarters }
  for (const [member, view] of views) {
    checkMessages(end, member, view)
    checkForgeries(end, member, view)
    checkThreads(end, member, view)
    checkLeftovers(end, member)
  }
  checkSame(end, views)
  checkHeads(end)
  return reference
}

/** Whether what was said on `home` in a channel, whose members stand in a view, must come to `member`. */
export function mustCome(
  { members, topology }: Pick<EndGround, 'members' | 'topology'>,
  way: { readonly home: Member; readonly member: Member; readonly channel: ChannelView },
): boolean {
  const { home, member, channel } = way
  const inside = members.filter((one) => one === home || belongs(one, channel))
  if (member !== home && !inside.includes(member)) return false
  return reachOf(topology, home.index, new Set(inside.map(({ index }) => index))).has(member.index)
}

/** Whether a node may hold what is said in a channel. */
function belongs(member: Member, { kind, members }: ChannelView): boolean {
  if (member.capturedAt !== undefined) return false
  if (kind === 'public' || member.index === 0) return true
  return members.some((person) => isHome(member, person))
}

interface End extends EndGround {
  readonly honest: readonly Member[]
  /** What headquarters shows. */
  readonly reference: View
  readonly headquarters: Member
}

function isHome(member: Member, person: UserId): boolean {
  return nodePrefixOfPerson(person) === nodePrefix(member.id)
}

/** Promises 1 and 3: what was shown as saved is there, as its author left it, and nothing is there twice. */
function checkMessages(end: End, member: Member, view: View): void {
  const { said: all, verdict } = end
  const where = member.name
  const shown = [...view.channels.values()].flatMap(({ messages }) => messages)
  const byId = new Map<string, Message>()
  const seen = new Map<number, Message>()
  for (const message of shown) {
    if (byId.has(message.id)) twice(verdict, where, `message ${message.id}`)
    byId.set(message.id, message)
    for (const number of numbersIn(Buffer.from(message.body))) {
      if (seen.has(number)) twice(verdict, where, `the text ${markerOf(number)}`)
      seen.set(number, message)
    }
  }
  for (const said of all) {
    const message = foundAs(said, { byId, seen })
    checkPurged(end, { member, said, message })
    if (said.purge !== 'none' || !mustBeAt(end, member, said)) continue
    const wrong = wrongWith(said, message, (person) => !isCaptured(end, person))
    if (wrong === undefined) continue
    const broken = 'promise 1: no lost promise' as const
    verdict.fail({
      broken,
      where,
      wanted: `message ${said.number} of node ${said.home} in ${said.channel} as ${said.id ?? 'none'}`,
      found: wrong,
    })
  }
  checkKnown(end, where, shown)
}

/** Every message is one that somebody wrote. */
function checkKnown({ said: all, verdict }: End, where: string, shown: readonly Message[]): void {
  const known = new Set(all.map((said) => said.id))
  const unsure = all.filter(({ isUnsure }) => isUnsure)
  const mayBeAnothers = unsure.some(({ deletion }) => deletion !== 'none')
  for (const message of shown) {
    // What was written again is withdrawn once the first one comes.
    const mayBeCopy = unsure.length > 0 && message.deletedAt !== 0
    const isExplained =
      known.has(message.id) || numbersIn(Buffer.from(message.body)).length > 0 || mayBeAnothers
    if (!isExplained && !mayBeCopy)
      twice(verdict, where, `message ${message.id}, which nobody wrote,`)
  }
}

/** Promise 8, in what people see: what was ordered to be gone is nowhere, once all has come to rest and no hold is left. */
function checkPurged(
  end: End,
  {
    member,
    said,
    message,
  }: { readonly member: Member; readonly said: Said; readonly message: Message | undefined },
): void {
  const { headquarters: home, reference, verdict } = end
  // What was written again in a new life is another message with the same text.
  if (said.purge !== 'ordered' || message === undefined || message.id !== said.id) return
  const channel = reference.channels.get(said.channel)
  if (said.isUnsure || channel === undefined || !mustCome(end, { home, member, channel })) return
  const broken = 'promise 8: purged is gone' as const
  const wanted = `message ${said.number} nowhere`
  verdict.fail({ broken, where: member.name, wanted, found: message.body })
}

/** Promise 9: whatever the clocks said, nobody is shown an answer before what it answers. */
function checkThreads({ verdict }: End, { name: where }: Member, view: View): void {
  for (const { messages } of view.channels.values()) {
    const all = new Set(messages.map(({ id }) => id))
    const shown = new Set<string>()
    for (const { id, root, body } of messages) {
      shown.add(id)
      if (root === undefined || shown.has(root) || !all.has(root)) continue
      const broken = 'promise 9: wrong clocks' as const
      verdict.fail({ broken, where, wanted: 'answers behind what they answer', found: body })
    }
  }
}

/** What was written on a disk that had been put back may have another id by now: then it is known by its number. */
function foundAs(
  { id, number, isUnsure }: Said,
  { byId, seen }: { byId: ReadonlyMap<string, Message>; seen: ReadonlyMap<number, Message> },
): Message | undefined {
  const numbered = seen.get(number)
  if (id === undefined || (isUnsure && numbered !== undefined)) return numbered
  return byId.get(id)
}

/**
 * Promise 7, in what people see: nothing that a node's program would never write, and nothing a captured node wrote once
 * everybody had heard that it is out.
 */
function checkForgeries(end: End, { name: where }: Member, view: View): void {
  const { members, honest, said: all, verdict, allHeardAt } = end
  const fail = (wanted: string, found: string): void =>
    verdict.fail({ broken: 'promise 7: secrecy', where, wanted, found })
  const shown = [...view.channels.values()].flatMap(({ messages }) => messages)
  const lines = [...view.lines, ...shown.map(({ body }) => body)]
  const forged = lines.find((line) => line.includes(FORGED))
  if (forged !== undefined) fail('nothing forged', forged)
  const ids = honest.map(({ id }) => id)
  for (const captured of members.filter(({ capturedAt }) => capturedAt !== undefined)) {
    const heardAt = allHeardAt(captured.id, ids) ?? Infinity
    const late = all.filter(({ home, at }) => home === captured.index && at > heardAt)
    const numbers = new Set(late.map(({ number }) => number))
    const found = shown.find(({ body }) => numbersIn(Buffer.from(body)).some((n) => numbers.has(n)))
    if (found !== undefined) fail(`nothing new of ${captured.name}, which is out`, found.body)
  }
}

/** Whether a message must be found at a node. */
function mustBeAt(end: End, member: Member, said: Said): boolean {
  const home = end.members[said.home]
  if (home === undefined || home.capturedAt !== undefined) return false
  const channel = end.reference.channels.get(said.channel)
  if (channel !== undefined) {
    // Whose node was taken out of a channel before a message had left it can seal it for nobody.
    const isOut = member !== home && !belongs(home, channel) && !hasLeft(home, said)
    return !isOut && mustCome(end, { home, member, channel })
  }
  // Nobody else may found a private channel or a group: what was said there goes with it.
  const isClosed = kindOfChannel(said.channel) !== 'public'
  return !(isClosed && isCapturedsOwn(end, said.channel))
}

function twice(verdict: Verdict, where: string, what: string): void {
  verdict.fail({
    broken: 'promise 3: once only',
    where,
    wanted: 'every message once',
    found: `${what} is there more often`,
  })
}

function isCaptured({ members }: End, person: UserId): boolean {
  return members.some((member) => member.capturedAt !== undefined && isHome(member, person))
}

function wrongWith(
  said: Said,
  message: Message | undefined,
  isHonest: (person: UserId) => boolean,
): string | undefined {
  if (said.fate !== 'saved') {
    const isCertain = said.fate === 'refused' && said.underWay === 0
    return isCertain && message !== undefined ? 'it was refused, and is there' : undefined
  }
  if (message === undefined) {
    // With its id goes the only name of what has no text any more.
    const isNameless = said.isUnsure && said.deletion !== 'none'
    return isNameless ? undefined : 'it was shown as saved, and is not there'
  }
  if (message.channel !== said.channel || message.author !== said.author)
    return 'wrong channel or author'
  return said.isUnsure ? undefined : wrongState(said, message, isHonest)
}

function wrongState(
  said: Said,
  message: Message,
  isHonest: (person: UserId) => boolean,
): string | undefined {
  if (message.root !== said.root)
    return `wrong root: ${message.root ?? 'none'}, not ${said.root ?? 'none'}`
  if (message.lane !== said.lane) return `wrong lane: ${message.lane}`
  return (
    wrongText(said, message) ??
    wrongTicks(said, message, isHonest) ??
    wrongReactions(said, message, isHonest)
  )
}

function wrongText(said: Said, message: Message): string | undefined {
  const isDeleted = message.deletedAt > 0
  if (isDeleted && said.deletion === 'none') return 'it is deleted, and nobody did that'
  if (isDeleted) return message.body === '' ? undefined : 'it is deleted, and its text is there'
  if (said.deletion === 'saved') return 'its deletion was shown as saved, and it is there'
  const body = withEmptyBoxes(message.body)
  if (![said.body, ...said.maybe].some((one) => withEmptyBoxes(one) === body))
    return `its text is "${message.body}", not "${said.body}"`
  return undefined
}

const UNTICKED: ItemWord = { state: 'unset', people: new Set() }

/** A text as if nobody had ticked anything: who ticked last is checked by `wrongTicks`, as far as anybody can know. */
function withEmptyBoxes(body: string): string {
  return body.replaceAll('- [x]', '- [ ]')
}

function wrongTicks(
  said: Said,
  message: Message,
  isHonest: (person: UserId) => boolean,
): string | undefined {
  if (message.deletedAt > 0) return undefined
  for (const { text, isTicked } of firstItemsOf(message.body)) {
    const { state, people } = said.ticks.get(text) ?? UNTICKED
    if (![...people].every(isHonest)) continue
    if (state === 'set' && !isTicked) return `"${text}" was ticked, and is not`
    if (state === 'unset' && isTicked) return `"${text}" is ticked, and nobody did that`
  }
  return undefined
}

function wrongReactions(
  said: Said,
  message: Message,
  isHonest: (person: UserId) => boolean,
): string | undefined {
  // Of what is deleted nobody sees them.
  if (message.deletedAt > 0) return undefined
  const set = new Set(message.reactions.map(({ person, emoji }) => `${person} ${emoji}`))
  for (const [reaction, state] of said.reactions) {
    if (!isHonest(reaction.split(' ')[0] as UserId)) continue
    if (state === 'set' && !set.has(reaction)) return `the reaction ${reaction} is missing`
    if (state === 'unset' && set.has(reaction)) return `the reaction ${reaction} was taken back`
  }
  return undefined
}

/** Promise 6, as people see it. */
function checkSame(end: End, views: ReadonlyMap<Member, View>): void {
  const { verdict, reference, headquarters: home } = end
  const linesFor = (member: Member, view: View): readonly string[] => {
    const channels = [...reference.channels].filter(([, channel]) =>
      mustCome(end, { home, member, channel }),
    )
    return [...view.lines, ...channels.flatMap(([id]) => view.channels.get(id)?.lines ?? [])]
  }
  for (const [member, view] of views) {
    const [here, there] = [linesFor(member, reference), linesFor(member, view)]
    const at = here.findIndex((line, index) => line !== there[index])
    if (at < 0 && here.length === there.length) continue
    const place = at < 0 ? here.length : at
    verdict.fail({
      broken: 'promise 6: convergence',
      where: `headquarters and ${member.name}`,
      wanted: `the same view; line ${place} here: ${here[place] ?? 'none'}`,
      found: `there: ${there[place] ?? 'none'}`,
    })
  }
}

/** Promise 6, in the documents as they lie on the disks. */
function checkHeads(end: End): void {
  const { honest, verdict, reference, topology, headquarters: home } = end
  const [first, ...others] = honest
  if (first === undefined) return
  const known = headsOf(first)
  const isMeant = (document: DocumentId, member: Member): boolean => {
    const name = parseDocumentId(document)
    // What a node records is for itself and headquarters.
    if (name?.kind === 'audit') {
      // Whatever is done with a stick is noted once more.
      if (isByHand(topology, member.index)) return false
      const ends = new Set([home.index, member.index])
      return name.node === member.id && reachOf(topology, home.index, ends).has(member.index)
    }
    const id = channelOfDocument(document)
    const channel = id && reference.channels.get(id)
    // A channel that nobody is in any more is nobody's, unless it is everybody's.
    if (channel !== undefined) return mustCome(end, { home, member, channel })
    if (id === undefined) return true
    return kindOfChannel(id) === 'public' && !isCapturedsOwn(end, id) && !isUnfounded(end, id)
  }
  for (const member of others) {
    const heads = headsOf(member)
    for (const document of new Set([...known.keys(), ...heads.keys()])) {
      const [here, there] = [known.get(document), heads.get(document)]
      if (here === there || !isMeant(document as DocumentId, member)) continue
      verdict.fail({
        broken: 'promise 6: convergence',
        where: `${first.name} and ${member.name}`,
        wanted: `the same heads of ${document}; here ${here ?? 'none'}`,
        found: `there ${there ?? 'none'}`,
      })
    }
  }
}

/** By document, what its bytes on the disk add up to. */
function headsOf(member: Member): ReadonlyMap<string, string> {
  const heads = new Map<string, string>()
  for (const [place] of member.disk.durable(range.documents)) {
    const document = place.slice('doc/'.length) as DocumentId
    const snapshot = key.snapshot(document)
    const [stored] = member.disk.durable({ from: snapshot, to: `${snapshot} ` })
    const loose = member.disk.durable(range.loose(document)).map(([, bytes]) => bytes)
    const record = member.disk.durable({ from: place, to: `${place} ` })[0]?.[1]
    const stubs = unpack<DocumentRecord>(record)?.stubs
    const { log, damage } = loadDocument(document, stored?.[1], { loose, stubs })
    heads.set(document, damage === 'none' ? log.heads().join() : `damaged ${damage}`)
  }
  return heads
}
