/** Where a search looks: which channels, whose messages, of what time, and what they have to have. */
import type { ChannelId, UserId } from '#base/ids.ts'
import { burnSecondsIn } from '#model/once.ts'
import type { MessageRecord } from '#model/view.ts'
import type { Row } from '#search/block.ts'
import type { Having, Names, Query } from '#search/query.ts'
import { hasLink } from '#search/words.ts'
import { channelOf, isMember, personIdByName, type AppContext } from './context.ts'
import { readableOf } from './sight.ts'
import type { Channel } from './types.ts'

/** Where a search looks. */
export interface Scope {
  readonly channels: ReadonlySet<ChannelId>
  /** Whether the index lets a message in. */
  readonly includes: (row: Row) => boolean
  /** Whether the message itself does: what changes often is not in the index. */
  readonly suits: (record: MessageRecord) => boolean
}

/** The scope of a query. Names that nobody has, and those of channels that `subject` is not in, mean nothing. */
export async function scopeOf(
  context: AppContext,
  subject: UserId,
  { query, withArchived }: { readonly query: Query; readonly withArchived: boolean },
): Promise<Scope> {
  const own = readableOf(context, subject)
  const all = await Promise.all(own.map((id) => channelOf(context, id)))
  const open = all.filter(({ archivedAt }) => withArchived || archivedAt === 0)
  const channels = meant(query.channels, {
    all: open.map(({ id }) => id),
    named: (name) => open.filter(called(context, subject, name)).map(({ id }) => id),
  })
  const authors = authorsOf(context, query.authors)
  return {
    channels,
    includes: (row) =>
      channels.has(row.channel) &&
      authors(row.author) &&
      query.spans.every(
        ({ from, until, isUnwanted }) => (row.at >= from && row.at < until) !== isUnwanted,
      ) &&
      query.having.every(({ what, isUnwanted }) => what !== 'link' || row.hasLink !== isUnwanted),
    suits: (record) =>
      channels.has(record.channel) &&
      query.having.every(({ what, isUnwanted }) => has(record, what) !== isUnwanted),
  }
}

function meant<T>(
  { wanted, unwanted }: Names,
  { all, named }: { readonly all: readonly T[]; readonly named: (name: string) => readonly T[] },
): ReadonlySet<T> {
  const without = new Set(unwanted.flatMap(named))
  const some = wanted.length === 0 ? all : wanted.flatMap(named)
  return new Set(some.filter((one) => !without.has(one)))
}

function authorsOf(context: AppContext, { wanted, unwanted }: Names): (author: UserId) => boolean {
  const named = (names: readonly string[]): ReadonlySet<UserId> =>
    new Set(names.flatMap((name) => personIdByName(context, name) ?? []))
  const [some, without] = [named(wanted), named(unwanted)]
  return (author) => (wanted.length === 0 || some.has(author)) && !without.has(author)
}

/** By its name, its id, or `@` and the name of the other one in a direct channel. */
function called(context: AppContext, subject: UserId, name: string): (channel: Channel) => boolean {
  if (!name.startsWith('@'))
    return (channel) => channel.name.toLowerCase() === name || channel.id === name
  const other = personIdByName(context, name.slice(1))
  const isWithOneself = (id: ChannelId): boolean =>
    context.sync.directory().members(id).length === 1
  return ({ kind, id }) =>
    kind === 'direct' &&
    other !== undefined &&
    (other === subject ? isWithOneself(id) : isMember(context, id, other))
}

function has(record: MessageRecord, what: Having): boolean {
  if (what !== 'reaction' && burnSecondsIn(record.props) > 0) return false // it does not say
  switch (what) {
    case 'link':
      return hasLink(record.body)
    case 'reaction':
      return record.reactions.some(({ isSet }) => isSet)
    case 'file':
      return (record.files ?? []).length > 0
  }
}
