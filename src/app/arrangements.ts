/** How people sort their channels and what they want to be told of: kept for each person, on this node. */
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import { NOTIFY_CHARACTERS_MAX, SIDEBAR_BYTES_MAX } from '#base/limits.ts'
import { keptKey, keptRange } from '#sync/kept-keys.ts'
import { pack, unpack } from '#sync/records.ts'
import { insistInChannel, type AppContext } from './context.ts'
import type { Arrangements, SidebarPart } from './kept-types.ts'

/** The part of the app about it. */
export function openArrangements(context: AppContext): Arrangements {
  const { replica } = context.sync
  return {
    sidebar: async (subject) =>
      unpack<readonly SidebarPart[]>(await replica.read.get(keptKey.sidebar(subject))),
    setSidebar: async (subject, parts) => {
      const bytes = pack(parts)
      if (bytes.length > SIDEBAR_BYTES_MAX)
        throw new EdgeError('TOO_LARGE', { field: 'categories', wantedBytesMax: SIDEBAR_BYTES_MAX })
      await replica.commit(async (tx) => tx.put(keptKey.sidebar(subject), bytes))
    },
    notifyProps: async (person) => {
      const all = keptRange.notify(person)
      const kept = await replica.read.list(all)
      return new Map(
        kept.map(([place, bytes]) => [
          place.slice(all.from.length) as ChannelId,
          unpack<Readonly<Record<string, string>>>(bytes) ?? {},
        ]),
      )
    },
    setNotifyProps: async (subject, channel, props) => {
      await insistInChannel(context, subject, { channel, action: 'read channel' })
      const { length } = JSON.stringify(props)
      if (length > NOTIFY_CHARACTERS_MAX)
        throw new EdgeError('TOO_LARGE', { field: 'notify_props', foundCharacters: length })
      await replica.commit(async (tx) => {
        const place = keptKey.notify(subject, channel)
        const before = unpack<Readonly<Record<string, string>>>(await tx.get(place)) ?? {}
        tx.put(place, pack({ ...before, ...props }))
      })
    },
  }
}

/** What somebody wants to be told of one channel, in the words of clients. */
export async function notifyPropsIn(
  { sync }: AppContext,
  { person, channel }: { readonly person: UserId; readonly channel: ChannelId },
): Promise<Readonly<Record<string, string>>> {
  const kept = await sync.replica.read.get(keptKey.notify(person, channel))
  return unpack<Readonly<Record<string, string>>>(kept) ?? {}
}
