/** Everything people can see on one node, in a form in which two nodes must be equal. */
import type { EdgeNode } from '#app/node.ts'
import type { Channel, Message } from '#app/types.ts'
import type { ChannelId, UserId } from '#base/ids.ts'

/** What one node shows: lines that must be the same everywhere, and the messages behind them. */
export interface View {
  readonly lines: readonly string[]
  readonly messages: ReadonlyMap<ChannelId, readonly Message[]>
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
  const messages = new Map<ChannelId, readonly Message[]>()
  const channels = await allChannels(
    node,
    people.map((person) => person.id),
  )
  for (const [channel, reader] of channels) {
    const members = await node.members(reader, channel.id)
    lines.push(channelLine(channel))
    lines.push(...members.map(memberLine).toSorted())
    const found = await readChannel(node, reader, channel.id)
    messages.set(channel.id, found)
    lines.push(...found.map(messageLine))
  }
  return { lines, messages }
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

function channelLine(channel: Channel): string {
  const { id, kind, name, displayName, purpose, header, creator, messageCount, rootCount } = channel
  const isArchived = channel.archivedAt > 0
  return line('channel', [
    id,
    kind,
    name,
    displayName,
    purpose,
    header,
    creator,
    isArchived,
    messageCount,
    rootCount,
  ])
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
