/** What one person does with one node, and what must be so once the node has answered. */
import type { ChannelId } from '#base/ids.ts'
import type { Message } from '#app/types.ts'
import { directChannelId } from '#model/channel-id.ts'
import { itemsOf, type ChecklistItem } from '#model/checklist.ts'
import { LANES } from '#model/precedence.ts'
import type { Chance } from './chance.ts'
import { markerOf, type ItemWord, type Said } from './said.ts'
import { askForFile, keepFile } from './files.ts'
import { draftOf } from './settle.ts'
import type { Actor } from './society.ts'
import { CHANNEL_NAMES, EMOJI, PHRASES, USERNAMES } from './words.ts'

/** Something people do. */
export interface Deed {
  /** How often, against the others. */
  readonly weight: number
  readonly words: string
  /** Rejects with what the node refuses it with. */
  readonly act: (actor: Actor) => Promise<void>
}

/** Everything people do. */
export const DEEDS: readonly Deed[] = [
  { weight: 40, words: 'posts', act: post },
  { weight: 14, words: 'replies', act: reply },
  { weight: 10, words: 'edits', act: edit },
  { weight: 4, words: 'deletes', act: remove },
  { weight: 8, words: 'reacts', act: react },
  { weight: 3, words: 'takes a reaction back', act: unreact },
  { weight: 5, words: 'works through a list', act: workThrough },
  { weight: 8, words: 'sends again', act: sendAgain },
  { weight: 8, words: 'looks', act: look },
  { weight: 5, words: 'opens a channel', act: openChannel },
  { weight: 3, words: 'writes to somebody', act: openDirect },
  { weight: 4, words: 'joins', act: join },
  { weight: 4, words: 'invites', act: invite },
  { weight: 2, words: 'removes somebody', act: dismiss },
  { weight: 1, words: 'leaves', act: leave },
  { weight: 1, words: 'enrols somebody', act: enrol },
  { weight: 5, words: 'posts a file', act: postFile },
  { weight: 9, words: 'asks for a file', act: askForFile },
]

/** Writes into a channel of one's own. */
export async function post(actor: Actor): Promise<void> {
  const channel = await pickChannel(actor)
  if (channel !== undefined) await sayIn(actor, channel)
}

/** Writes into a channel. */
export async function sayIn(actor: Actor, channel: ChannelId): Promise<void> {
  await say(actor, { channel, root: undefined })
}

/** Writes into a channel, with a file. */
async function postFile(actor: Actor): Promise<void> {
  const channel = await pickChannel(actor)
  if (channel === undefined) return
  const file = await keepFile(actor, channel)
  await say(actor, { channel, root: undefined, file })
}

async function reply(actor: Actor): Promise<void> {
  const message = await pickMessage(actor, () => true)
  if (message !== undefined) await replyTo(actor, message)
}

/** Answers a message, in its thread. */
export async function replyTo(actor: Actor, message: Message): Promise<void> {
  await say(actor, { channel: message.channel, root: message.root ?? message.id })
}

async function say(actor: Actor, to: Pick<Said, 'channel' | 'root' | 'file'>): Promise<void> {
  const { society, member, self, chance } = actor
  const { book, timeline } = society
  const at = timeline.now()
  const pendingId = chance.happens(0.85) ? `${self}:${book.all().length}` : ''
  const lane = chance.happens(0.6) ? 'routine' : chance.pick(LANES)
  const text = wording(chance)
  const said = book.write({ ...to, at, home: member.index, author: self, lane, pendingId, text })
  const impatient = pendingId !== '' && chance.happens(0.1)
  await Promise.all([submit(actor, said), impatient && submit(actor, said)])
}

async function sendAgain(actor: Actor): Promise<void> {
  const { society, member, chance } = actor
  const { book, marks } = society
  const own = book
    .all()
    .filter((said) => said.home === member.index && said.pendingId !== '' && !said.isForgotten)
  if (own.length === 0) return
  const unsure = own.filter((said) => said.fate !== 'saved' || said.underWay > 0)
  const said = chance.pick(unsure.length > 0 && chance.happens(0.7) ? unsure : own)
  marks.count(`people.sent-again-${said.fate}`)
  await submit(actor, said)
}

async function submit(
  { society: { book, verdict }, member, node }: Pick<Actor, 'society' | 'member' | 'node'>,
  said: Said,
): Promise<void> {
  said.isUnsure ||= member.isDoubtful
  const { channel, root, lane, pendingId, firstBody, author } = said
  const draft = {
    channel,
    body: firstBody,
    lane,
    pendingId,
    ...(root === undefined ? {} : { root }),
    ...(said.file === undefined ? {} : { files: [said.file] }),
  }
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
  const mine = await pickMessage(actor, (message) => message.author === actor.self)
  if (mine !== undefined) await rewrite(actor, mine)
}

/** Gives a message of one's own another text. */
export async function rewrite(
  { society, node, self, chance }: Actor,
  mine: Message,
): Promise<void> {
  await alone(society.book.shownAs(mine), async (said) => {
    if (said.id === undefined) return
    const body = `${wording(chance)} ${markerOf(said.number)} again ${chance.below(1_000_000)}`
    said.maybe.add(body)
    // What an edit says of boxes is newer than what was said before, as far as its author knew.
    const items = [...itemsOf(mine.body), ...itemsOf(body)].map(({ text }) => text)
    for (const text of [...said.ticks.keys(), ...items])
      said.ticks.set(text, { state: 'unsure', people: said.ticks.get(text)?.people ?? new Set() })
    try {
      await node.edit(self, mine.id, body)
    } catch (error) {
      said.maybe.delete(body)
      throw error
    }
    said.body = body
    said.maybe.clear()
  })
}

async function remove(actor: Actor): Promise<void> {
  const mine = await pickMessage(actor, (message) => message.author === actor.self)
  if (mine !== undefined) await takeDown(actor, mine)
}

/** Deletes a message: one's own, or as an administrator anybody's. */
export async function takeDown({ society, node, self }: Actor, message: Message): Promise<void> {
  await alone(society.book.shownAs(message), async (said) => {
    if (said.id === undefined) return
    const before = said.deletion
    said.deletion = before === 'saved' ? 'saved' : 'asked'
    try {
      await node.deletePost(self, message.id)
    } catch (error) {
      said.deletion = before === 'none' ? 'refused' : before
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
  const message = await pickMessage(actor, () => true)
  if (message !== undefined) await reactTo(actor, message, wanted)
}

/** Sets one of the reactions there are, or takes it back. */
export async function reactTo(
  { society, node, self, chance }: Actor,
  message: Message,
  wanted: 'set' | 'unset',
): Promise<void> {
  const said = society.book.shownAs(message)
  const emoji = chance.pick(EMOJI)
  const key = `${self} ${emoji}`
  const before = said?.reactions.get(key)
  if (before === 'unsure') return
  said?.reactions.set(key, 'unsure')
  try {
    await (wanted === 'set' ? node.react : node.unreact)(self, message.id, emoji)
  } catch (error) {
    said?.reactions.set(key, before ?? 'unset')
    throw error
  }
  said?.reactions.set(key, wanted)
}

async function workThrough(actor: Actor): Promise<void> {
  const message = await pickMessage(actor, ({ body }) => itemsOf(body).length > 0)
  if (message !== undefined) await tick(actor, message)
}

/** The items of a text; of those with the same words the first. */
export function firstItemsOf(body: string): readonly ChecklistItem[] {
  const items = itemsOf(body)
  return items.filter(({ text }, at) => items.findIndex((one) => one.text === text) === at)
}

/** Turns one box of a message, if it has any. */
export async function tick(
  { society, node, self, chance }: Actor,
  message: Message,
): Promise<void> {
  const items = firstItemsOf(message.body)
  if (items.length === 0) return
  const { text, isTicked } = chance.pick(items)
  const said = society.book.shownAs(message)
  const before = said?.ticks.get(text)
  const wanted = isTicked ? 'unset' : 'set'
  // Of two who say different things the one counts who comes last, and nobody here knows who that is.
  const isAgreed = before === undefined || before.state === wanted
  const doubted: ItemWord = { state: 'unsure', people: new Set([...(before?.people ?? []), self]) }
  said?.ticks.set(text, doubted)
  society.marks.count('people.tick')
  try {
    await node.tick(self, message.id, { item: text, before: 0, isSet: !isTicked })
  } catch (error) {
    // Somebody may have taken the item out of the list just now.
    const now = firstItemsOf((await node.message(self, message.id)).body)
    if (now.some((item) => item.text === text)) throw error
    society.marks.count('people.item-gone')
    return
  }
  if (isAgreed && said?.ticks.get(text) === doubted)
    said.ticks.set(text, { ...doubted, state: wanted })
}

async function look(actor: Actor): Promise<void> {
  const channel = await pickChannel(actor)
  if (channel === undefined) return
  actor.society.evidence.onViewed(actor.member.index, channel)
  await actor.node.viewChannel(actor.self, channel)
}

async function openChannel(actor: Actor): Promise<void> {
  const { society, member, node, self, chance } = actor
  const name = chance.pick(CHANNEL_NAMES)
  const others = (await node.allPeople()).map((person) => person.id).filter((id) => id !== self)
  const kind = chance.pick(['public', 'public', 'private', 'private', 'group'] as const)
  const members = others.filter(() => chance.happens(kind === 'public' ? 0.1 : 0.2))
  const found = kind === 'public' ? undefined : society.circles.mayFound(member.id, members)
  try {
    const made = await node.createChannel(self, { kind, name, displayName: `# ${name}`, members })
    found?.(made.id)
  } catch (error) {
    found?.(undefined)
    throw error
  }
}

async function openDirect({ society, node, self, chance }: Actor): Promise<void> {
  const others = (await node.allPeople()).filter((person) => person.id !== self)
  if (others.length === 0) return
  const other = chance.pick(others).id
  society.circles.mayCome(directChannelId(self, other), [self, other])
  await node.directChannel(self, other)
}

async function join({ node, self, chance }: Actor): Promise<void> {
  const mine = new Set((await node.channelsOf(self)).map((channel) => channel.id))
  const open = (await node.publicChannels(self)).filter((channel) => !mine.has(channel.id))
  if (open.length > 0) await node.addMember(self, chance.pick(open).id, self)
}

async function invite(actor: Actor): Promise<void> {
  const { society, node, self, chance } = actor
  const own = (await node.channelsOf(self)).filter((channel) => channel.kind !== 'direct')
  const people = await node.allPeople()
  if (own.length === 0 || people.length === 0) return
  const [channel, person] = [chance.pick(own).id, chance.pick(people).id]
  society.circles.mayCome(channel, [person])
  await node.addMember(self, channel, person)
}

/** Whoever opened a channel stays in it, so that somebody can always be asked what is in it. */
async function dismiss({ node, self, chance }: Actor): Promise<void> {
  const own = (await node.channelsOf(self)).filter(({ kind }) => kind !== 'direct')
  if (own.length === 0) return
  const channel = chance.pick(own)
  const members = (await node.members(self, channel.id)).map(({ person }) => person)
  const others = members.filter((person) => person !== self && person !== channel.creator)
  if (others.length > 0) await node.removeMember(self, channel.id, chance.pick(others))
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
