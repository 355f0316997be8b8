/** Everything people can see on one node, in a form in which two nodes must be equal. */
import type { EdgeNode } from '#app/node.ts'
import type { Channel, Message } from '#app/types.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import type { ChannelKind } from '#model/channel-id.ts'

/** What one node shows. */
export interface View {
  /** People, channels and their members: the same on all nodes. */
  readonly lines: readonly string[]
  readonly channels: ReadonlyMap<ChannelId, ChannelView>
}

/** What is in one channel. */
export interface ChannelView {
  readonly kind: ChannelKind
  readonly members: readonly UserId[]
  /** Settings and messages: the same on all nodes that may hold them. */
  readonly lines: readonly string[]
  readonly messages: readonly Message[]
}

const PAGE_LIMIT = 50

/** Reads all there is, page by page, as clients do. */
export async function readView(node: EdgeNode): Promise<View> {
  const people = await node.allPeople()
  const lines = people.map((person) =>
    line('person', [
      person.id,
      person.username,
      person.displayName,
      person.isAdministrator,
      person.homeNode,
    ]),
  )
  const channels = new Map<ChannelId, ChannelView>()
  const ids = people.map((person) => person.id)
  for (const [channel, reader] of await allChannels(node, ids)) {
    const { id, kind, creator } = channel
    const members = await node.members(reader, id)
    lines.push(line('channel', [id, kind, creator]), ...members.map(memberLine).toSorted())
    const messages = await readChannel(node, reader, id)
    channels.set(id, {
      kind,
      members: members.map(({ person }) => person),
      lines: [settingsLine(channel), ...messages.map(messageLine)],
      messages,
    })
  }
  return { lines, channels }
}

/** All channels by id, each with somebody who may read it. */
async function allChannels(
  node: EdgeNode,
  people: readonly UserId[],
): Promise<readonly (readonly [Channel, UserId])[]> {
  const found = new Map<ChannelId, readonly [Channel, UserId]>()
  for (const person of people) {
    const seen = [...(await node.channelsOf(person)), ...(await node.publicChannels(person))]
    for (const channel of seen) if (!found.has(channel.id)) found.set(channel.id, [channel, person])
  }
  return [...found.values()].toSorted(([a], [b]) => (a.id < b.id ? -1 : 1))
}

/** All messages of a channel, oldest first. */
async function readChannel(
  node: EdgeNode,
  reader: UserId,
  channel: ChannelId,
): Promise<readonly Message[]> {
  const all: Message[] = []
  for (;;) {
    const oldest = all.at(-1)
    const before = oldest === undefined ? {} : { before: oldest.id }
    const page = await node.page(reader, channel, { limit: PAGE_LIMIT, ...before })
    all.push(...page.messages)
    if (page.olderId === undefined || page.messages.length === 0) return all.toReversed()
  }
}

function settingsLine(channel: Channel): string {
  const { name, displayName, purpose, header, messageCount, rootCount } = channel
  const isArchived = channel.archivedAt > 0
  return line('settings', [name, displayName, purpose, header, isArchived, messageCount, rootCount])
}

function memberLine(member: Awaited<ReturnType<EdgeNode['members']>>[number]): string {
  return line('member', [member.channel, member.person, member.isChannelAdministrator])
}

/** Without the times at which this node got to know things, which are its own, and times that cannot be right. */
function messageLine(message: Message): string {
  const { id, author, root, body, lane, replyCount, origin, claimedAt } = message
  const reactions = message.reactions.map(({ person, emoji }) => `${person} ${emoji}`).toSorted()
  const isDeleted = message.deletedAt > 0
  const isEdited = message.editedAt > 0
  return line('message', [
    message.channel,
    id,
    author,
    root ?? '',
    lane,
    origin,
    claimedAt,
    replyCount,
    isDeleted,
    isEdited,
    reactions,
    body,
  ])
}

function line(kind: string, fields: readonly unknown[]): string {
  return `${kind} ${JSON.stringify(fields)}`
}
