/**
 * What people do, drawn from the seed: they write, reply, correct, delete, react, send again what they heard no answer
 * to (also much later), open channels, join and leave them, and look. They do it on every node, link or no link.
 */
import { codeOf, EdgeError } from '#base/errors.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import type { EdgeNode, PersonDraft } from '#app/node.ts'
import type { Message, Person } from '#app/types.ts'
import { LANES } from '#model/precedence.ts'
import type { Chance } from './chance.ts'
import type { Evidence } from './evidence.ts'
import type { Boot, Member } from './fleet.ts'
import { markerOf, type Book, type Said } from './said.ts'
import type { Marks, Trace } from './trace.ts'
import type { Verdict } from './verdict.ts'
import { CHANNEL_NAMES, EMOJI, PHRASES, USERNAMES } from './words.ts'

/** The world in which people act. */
export interface Society {
  readonly book: Book
  readonly evidence: Evidence
  readonly verdict: Verdict
  readonly trace: Trace
  readonly marks: Marks
  /** What nobody has answered yet. */
  readonly asked: Set<Question>
}

/** Something asked of one life of a node. */
export interface Question {
  readonly member: Member
  readonly boot: Boot
  readonly what: string
}

/** One person in front of one running node. */
export interface Actor {
  readonly society: Society
  readonly member: Member
  readonly boot: Boot
  readonly node: EdgeNode
  readonly self: UserId
  readonly chance: Chance
}

type Action = (actor: Actor) => Promise<void>

/** Lets somebody on `member` do something. Does nothing while the node is off. */
export function actOnce(society: Society, member: Member, chance: Chance): void {
  const { boot } = member
  const node = boot?.node
  if (boot === undefined || node === undefined) {
    society.marks.count('people.found-it-off')
    return
  }
  if (member.people.length === 0) {
    society.trace.note(member.name, 'somebody sets it up')
    void judged(society, { member, boot, what: 'sets it up' }, settle(society, member, chance))
    return
  }
  const self = chance.pick(member.people)
  const [name, act] = pickAction(chance)
  society.trace.note(member.name, `somebody ${name}`)
  const actor = { society, member, boot, node, self, chance }
  void judged(society, { member, boot, what: name }, act(actor))
}

/**
 * The first day of a node: its administrator and some people. Their names may be taken, here or, unknown here,
 * elsewhere; the power may have gone in the middle of an earlier try.
 */
export async function settle(society: Society, member: Member, chance: Chance): Promise<void> {
  const node = member.boot?.node
  if (node === undefined || member.people.length > 0) return
  const here = (await node.allPeople()).filter((person) => person.homeNode === member.id)
  const administrator = here.find((person) => person.isAdministrator)
  const names = chance.happens(0.5) ? ['amira', `amira.${member.name}`] : [`amira.${member.name}`]
  const first = administrator?.id ?? (await enrolFirst(names, (draft) => node.setUp(draft)))
  const others = ['bo', chance.pick(USERNAMES)]
  const found = here.map((person) => person.id).filter((id) => id !== first)
  member.people.push(first, ...found)
  for (const name of others) {
    const attempts = [name, `${name}.${member.name}`]
    member.people.push(await enrolFirst(attempts, (draft) => node.enrolPerson(first, draft)))
  }
}

/** Enrols somebody under the first of `names` that is free; the first one enrolled here is the administrator. */
async function enrolFirst(
  names: readonly string[],
  enrolAs: (draft: PersonDraft) => Promise<Person>,
): Promise<UserId> {
  const [name, ...rest] = names
  if (name === undefined) throw new EdgeError('ALREADY_EXISTS', { what: 'person' })
  try {
    return (await enrolAs(draftOf(name, name.startsWith('amira')))).id
  } catch (error) {
    if (codeOf(error) !== 'ALREADY_EXISTS') throw error
    return enrolFirst(rest, enrolAs)
  }
}

/** Refusals that a person may meet without anybody being wrong. */
const FAIR: ReadonlySet<string> = new Set([
  'STORE_FULL',
  'NOT_FOUND',
  'NOT_ALLOWED',
  'ALREADY_EXISTS',
  'TOO_MANY_REQUESTS',
])

const ACTIONS: readonly (readonly [number, string, Action])[] = [
  [40, 'posts', post],
  [14, 'replies', reply],
  [10, 'edits', edit],
  [4, 'deletes', remove],
  [8, 'reacts', react],
  [3, 'takes a reaction back', unreact],
  [8, 'sends again', sendAgain],
  [8, 'looks', look],
  [3, 'opens a channel', openChannel],
  [3, 'writes to somebody', openDirect],
  [4, 'joins', join],
  [2, 'invites', invite],
  [1, 'leaves', leave],
  [1, 'enrols somebody', enrol],
]
const WEIGHT = ACTIONS.reduce((sum, [weight]) => sum + weight, 0)

function pickAction(chance: Chance): readonly [string, Action] {
  let drawn = chance.below(WEIGHT)
  for (const [weight, name, action] of ACTIONS) {
    drawn -= weight
    if (drawn < 0) return [name, action]
  }
  return ['posts', post]
}

/** Waits for an answer and judges it: a refusal may be fair, anything else that is thrown is not. */
export async function judged(
  { verdict, trace, marks, asked }: Society,
  question: Question,
  act: Promise<void>,
): Promise<void> {
  const { member, boot, what } = question
  asked.add(question)
  try {
    await act
  } catch (error) {
    if (!boot.life.isAlive()) return
    const code = codeOf(error) ?? 'none'
    trace.note(member.name, `somebody ${what}, refused`, { code })
    marks.count(`refused.${code}`)
    if (FAIR.has(code)) return
    const found = error instanceof Error ? (error.stack ?? error.message) : String(error)
    verdict.fail({ broken: 'no such error', where: member.name, wanted: `somebody ${what}`, found })
  } finally {
    asked.delete(question)
  }
}

async function post(actor: Actor): Promise<void> {
  const channel = await pickChannel(actor)
  if (channel !== undefined) await say(actor, { channel, root: undefined })
}

async function reply(actor: Actor): Promise<void> {
  const message = await pickMessage(actor, () => true)
  if (message === undefined) return
  await say(actor, { channel: message.channel, root: message.root ?? message.id })
}

async function say(
  { society, member, node, self, chance }: Actor,
  to: { readonly channel: ChannelId; readonly root: Message['id'] | undefined },
): Promise<void> {
  const { book, evidence } = society
  evidence.onChannel(to.channel)
  const pendingId = chance.happens(0.85) ? `${self}:${book.all().length}` : ''
  const lane = chance.happens(0.6) ? 'routine' : chance.pick(LANES)
  const text = wording(chance)
  const said = book.write({ ...to, home: member.index, author: self, lane, pendingId, text })
  const impatient = pendingId !== '' && chance.happens(0.1)
  await Promise.all([submit(society, node, said), impatient && submit(society, node, said)])
}

async function sendAgain({ society, member, node, chance }: Actor): Promise<void> {
  const { book, marks } = society
  const own = book.all().filter((said) => said.home === member.index && said.pendingId !== '')
  if (own.length === 0) return
  const unsure = own.filter((said) => said.fate !== 'saved' || said.underWay > 0)
  const said = chance.pick(unsure.length > 0 && chance.happens(0.7) ? unsure : own)
  marks.count(`people.sent-again-${said.fate}`)
  await submit(society, node, said)
}

async function submit({ book, verdict }: Society, node: EdgeNode, said: Said): Promise<void> {
  const { channel, root, lane, pendingId, firstBody, author } = said
  const draft = { channel, body: firstBody, lane, pendingId, ...(root === undefined ? {} : { root }) }
  said.underWay += 1
  try {
    const message = await node.post(author, draft)
    said.underWay -= 1
    const wrong = book.saved(said, message.id)
    if (wrong === undefined) return
    const where = `node ${said.home}`
    verdict.fail({ broken: 'promise 3: once only', where, wanted: 'one id for ever', found: wrong })
  } catch (error) {
    said.underWay -= 1
    if (said.fate === 'asked') said.fate = 'refused'
    throw error
  }
}

/** Runs one change of a message, and no second one at the same time: then nobody could say what must be found. */
async function alone(said: Said | undefined, change: (said: Said) => Promise<void>): Promise<void> {
  if (said === undefined || said.isBusy) return
  said.isBusy = true
  await change(said).finally(() => void (said.isBusy = false))
}

async function edit(actor: Actor): Promise<void> {
  const { society, node, self, chance } = actor
  const mine = await pickMessage(actor, (message) => message.author === self)
  await alone(mine && society.book.byId(mine.id), async (said) => {
    if (said.id === undefined) return
    const body = `${wording(chance)} ${markerOf(said.number)} again ${chance.below(1_000_000)}`
    said.maybe.add(body)
    try {
      await node.edit(self, said.id, body)
    } catch (error) {
      said.maybe.delete(body)
      throw error
    }
    said.body = body
    said.maybe.clear()
  })
}

async function remove(actor: Actor): Promise<void> {
  const { society, node, self } = actor
  const mine = await pickMessage(actor, (message) => message.author === self)
  await alone(mine && society.book.byId(mine.id), async (said) => {
    if (said.id === undefined) return
    said.deletion = 'asked'
    try {
      await node.deletePost(self, said.id)
    } catch (error) {
      said.deletion = 'refused'
      throw error
    }
    said.deletion = 'saved'
  })
}

function react(actor: Actor): Promise<void> {
  return changeReaction(actor, 'set')
}

function unreact(actor: Actor): Promise<void> {
  return changeReaction(actor, 'unset')
}

async function changeReaction(actor: Actor, wanted: 'set' | 'unset'): Promise<void> {
  const { society, node, self, chance } = actor
  const message = await pickMessage(actor, () => true)
  const said = message && society.book.byId(message.id)
  const emoji = chance.pick(EMOJI)
  const key = `${self} ${emoji}`
  const before = said?.reactions.get(key)
  if (message === undefined || before === 'unsure') return
  said?.reactions.set(key, 'unsure')
  try {
    await (wanted === 'set' ? node.react : node.unreact)(self, message.id, emoji)
  } catch (error) {
    said?.reactions.set(key, before ?? 'unset')
    throw error
  }
  said?.reactions.set(key, wanted)
}

async function look(actor: Actor): Promise<void> {
  const channel = await pickChannel(actor)
  if (channel === undefined) return
  actor.society.evidence.onViewed(actor.member.index, channel)
  await actor.node.viewChannel(actor.self, channel)
}

async function openChannel({ node, self, chance }: Actor): Promise<void> {
  const name = chance.pick(CHANNEL_NAMES)
  const others = (await node.allPeople()).map((person) => person.id).filter((id) => id !== self)
  await node.createChannel(self, {
    kind: chance.happens(0.7) ? 'public' : 'private',
    name,
    displayName: `# ${name}`,
    members: others.length > 0 && chance.happens(0.5) ? [chance.pick(others)] : [],
  })
}

async function openDirect({ node, self, chance }: Actor): Promise<void> {
  const others = (await node.allPeople()).filter((person) => person.id !== self)
  if (others.length === 0) return
  await node.directChannel(self, chance.pick(others).id)
}

async function join({ node, self, chance }: Actor): Promise<void> {
  const mine = new Set((await node.channelsOf(self)).map((channel) => channel.id))
  const open = (await node.publicChannels(self)).filter((channel) => !mine.has(channel.id))
  if (open.length > 0) await node.addMember(self, chance.pick(open).id, self)
}

async function invite(actor: Actor): Promise<void> {
  const { node, self, chance } = actor
  const own = (await node.channelsOf(self)).filter((channel) => channel.kind !== 'direct')
  const people = await node.allPeople()
  if (own.length > 0) await node.addMember(self, chance.pick(own).id, chance.pick(people).id)
}

/** Nobody leaves a channel they opened, so that somebody can always be asked what is in it. */
async function leave({ node, self, chance }: Actor): Promise<void> {
  const own = await node.channelsOf(self)
  const left = own.filter((channel) => channel.kind === 'public' && channel.creator !== self)
  if (left.length > 0) await node.removeMember(self, chance.pick(left).id, self)
}

async function enrol({ node, member, chance }: Actor): Promise<void> {
  const [administrator] = member.people
  if (administrator === undefined) return
  const person = await node.enrolPerson(administrator, draftOf(chance.pick(USERNAMES), false))
  member.people.push(person.id)
}

async function pickChannel({ node, self, chance }: Actor): Promise<ChannelId | undefined> {
  const own = await node.channelsOf(self)
  return own.length === 0 ? undefined : chance.pick(own).id
}

async function pickMessage(
  actor: Actor,
  fits: (message: Message) => boolean,
): Promise<Message | undefined> {
  const channel = await pickChannel(actor)
  if (channel === undefined) return undefined
  const { messages } = await actor.node.page(actor.self, channel, { limit: 30 })
  const fitting = messages.filter((message) => message.deletedAt === 0 && fits(message))
  return fitting.length === 0 ? undefined : actor.chance.pick(fitting)
}

function wording(chance: Chance): string {
  const text = chance.pick(PHRASES)
  return chance.happens(0.03) ? `${text} `.repeat(chance.between(20, 200)).trimEnd() : text
}

function draftOf(username: string, isAdministrator: boolean): PersonDraft {
  return { username, displayName: username, password: 'correct horse battery', isAdministrator }
}
