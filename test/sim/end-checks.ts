/**
 * What must hold when the faults have stopped and everything has drained: promises 1, 3 and 6 on what people see, and
 * that no disk holds anything that still wants to go somewhere.
 */
import type { Message } from '#app/types.ts'
import type { DocumentId } from '#base/ids.ts'
import { loadDocument } from '#model/document.ts'
import { key, range } from '#sync/keys.ts'
import type { Member } from './fleet.ts'
import { markerOf, numbersIn, type Said } from './said.ts'
import type { Verdict } from './verdict.ts'
import { readView, type View } from './view.ts'

/** What is checked. */
export interface EndGround {
  readonly members: readonly Member[]
  readonly said: readonly Said[]
  readonly verdict: Verdict
}

/** All end checks. Every member must be on. */
export async function checkEnd(ground: EndGround): Promise<void> {
  const views = new Map<Member, View>()
  for (const member of ground.members) {
    const node = member.boot?.node
    if (node !== undefined) views.set(member, await readView(node))
  }
  for (const [member, view] of views) {
    checkMessages(ground, member, view)
    checkLeftovers(ground, member)
  }
  checkSame(ground, views)
  checkHeads(ground)
}

/** Promises 1 and 3: what was shown as saved is there, as its author left it, and nothing is there twice. */
function checkMessages({ said: all, verdict }: EndGround, member: Member, view: View): void {
  const where = member.name
  const shown = [...view.messages.values()].flat()
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
    const message = said.id === undefined ? seen.get(said.number) : byId.get(said.id)
    const wrong = wrongWith(said, message)
    if (wrong === undefined) continue
    const broken = 'promise 1: no lost promise' as const
    verdict.fail({
      broken,
      where,
      wanted: `message ${said.number} of node ${said.home}`,
      found: wrong,
    })
  }
  const known = new Set(all.map((said) => said.id))
  for (const message of shown) {
    const isExplained = known.has(message.id) || numbersIn(Buffer.from(message.body)).length > 0
    if (!isExplained) twice(verdict, where, `message ${message.id}, which nobody wrote,`)
  }
}

function twice(verdict: Verdict, where: string, what: string): void {
  verdict.fail({
    broken: 'promise 3: once only',
    where,
    wanted: 'every message once',
    found: `${what} is there more often`,
  })
}

function wrongWith(said: Said, message: Message | undefined): string | undefined {
  if (said.fate !== 'saved') {
    const isCertain = said.fate === 'refused' && said.underWay === 0
    return isCertain && message !== undefined ? 'it was refused, and is there' : undefined
  }
  if (message === undefined) return 'it was shown as saved, and is not there'
  if (message.channel !== said.channel || message.author !== said.author)
    return 'wrong channel or author'
  if (message.root !== said.root)
    return `wrong root: ${message.root ?? 'none'}, not ${said.root ?? 'none'}`
  if (message.lane !== said.lane) return `wrong lane: ${message.lane}`
  return wrongState(said, message)
}

function wrongState(said: Said, message: Message): string | undefined {
  const isDeleted = message.deletedAt > 0
  if (isDeleted && said.deletion === 'none') return 'it is deleted, and nobody did that'
  if (isDeleted) return message.body === '' ? undefined : 'it is deleted, and its text is there'
  if (said.deletion === 'saved') return 'its deletion was shown as saved, and it is there'
  if (message.body !== said.body && !said.maybe.has(message.body))
    return `its text is "${message.body}", not "${said.body}"`
  const set = new Set(message.reactions.map(({ person, emoji }) => `${person} ${emoji}`))
  for (const [reaction, state] of said.reactions) {
    if (state === 'set' && !set.has(reaction)) return `the reaction ${reaction} is missing`
    if (state === 'unset' && set.has(reaction)) return `the reaction ${reaction} was taken back`
  }
  return undefined
}

/** Promise 6, as people see it. */
function checkSame({ verdict }: EndGround, views: ReadonlyMap<Member, View>): void {
  const [[first, reference] = [undefined, undefined], ...others] = [...views]
  if (first === undefined || reference === undefined) return
  for (const [member, view] of others) {
    const at = reference.lines.findIndex((line, index) => line !== view.lines[index])
    if (at < 0 && reference.lines.length === view.lines.length) continue
    const place = at < 0 ? reference.lines.length : at
    verdict.fail({
      broken: 'promise 6: convergence',
      where: `${first.name} and ${member.name}`,
      wanted: `the same view; line ${place} here: ${reference.lines[place] ?? 'none'}`,
      found: `there: ${view.lines[place] ?? 'none'}`,
    })
  }
}

/** Promise 6, in the documents as they lie on the disks. */
function checkHeads({ members, verdict }: EndGround): void {
  const [first, ...others] = members
  if (first === undefined) return
  const reference = headsOf(first)
  for (const member of others) {
    const heads = headsOf(member)
    for (const document of new Set([...reference.keys(), ...heads.keys()])) {
      const [here, there] = [reference.get(document), heads.get(document)]
      if (here === there) continue
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
    const { log, damage } = loadDocument(document, stored?.[1], loose)
    heads.set(document, damage === 'none' ? log.heads().join() : `damaged ${damage}`)
  }
  return heads
}

/** Prefixes of keys under which something waits: for a peer, for an answer, for something it depends on. */
const WAITING = ['out/', 'fly/', 'note/', 'owe/', 'wait/', 'park/', 'view/orphan/'] as const

function checkLeftovers({ verdict }: EndGround, member: Member): void {
  for (const prefix of WAITING) {
    const left = member.disk.durable({ from: prefix, to: `${prefix.slice(0, -1)}0` })
    if (left.length === 0) continue
    verdict.fail({
      broken: 'nothing left over',
      where: member.name,
      wanted: `nothing under ${prefix}`,
      found: `${left.length} keys, first ${left[0]?.[0] ?? ''}`,
    })
  }
}
