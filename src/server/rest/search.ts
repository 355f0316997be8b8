/** Finding people by the beginning of a name, and messages by their words. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { ChannelId } from '#base/ids.ts'
import type { Found } from '#app/search-types.ts'
import type { Person } from '#app/types.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, optionalIdSchema, queryOf, wholeNumber } from '#server/input.ts'
import {
  SEARCH_PAGE_MAX,
  SEARCHES_AT_ONCE,
  SEARCHES_WAITING_MAX,
  TERMS_CHARACTERS_MAX,
} from '#server/limits.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { createTurns } from '#server/turns.ts'
import { peopleFor } from '#server/visible.ts'
import { pageOf } from './lists.ts'
import { fileInfosOf, postListFrom } from './shapes-post.ts'
import { userFrom } from './shapes.ts'
import { checkTeam } from './teams.ts'

const Search = z.object({
  term: z.string().max(64).default(''),
  limit: wholeNumber(100),
})
const Completion = z.object({
  name: z.string().max(64).default(''),
  in_channel: optionalIdSchema<ChannelId>(),
  limit: wholeNumber(100),
})

const PostSearch = z.object({
  terms: z.string().max(TERMS_CHARACTERS_MAX),
  is_or_search: z.boolean().default(false),
  /** Seconds. */
  time_zone_offset: z.number().int().min(-86_400).max(86_400).default(0),
  include_deleted_channels: z.boolean().default(false),
  page: wholeNumber(0),
  per_page: wholeNumber(60),
})

/** Only messages with files. It stands in front: what was typed may end in a quotation that is not closed. */
const WITH_FILES = 'has:file '

/** The routes that search. */
export function searchRoutes(door: Door): readonly Route[] {
  const inTurn = createTurns(SEARCHES_AT_ONCE, SEARCHES_WAITING_MAX)
  const find = async (call: Call, filter: string): Promise<Found> => {
    const asked = bodyOf(call, PostSearch)
    const searching = inTurn(() =>
      door.node.search(call.subject, {
        text: `${filter}${asked.terms}`,
        isAny: asked.is_or_search,
        withArchived: asked.include_deleted_channels,
        offsetMs: asked.time_zone_offset * 1_000,
        page: Math.max(0, asked.page),
        limit: Math.min(Math.max(1, asked.per_page), SEARCH_PAGE_MAX),
      }),
    )
    if (searching === undefined)
      throw new EdgeError('TOO_MANY_REQUESTS', { waiting: SEARCHES_WAITING_MAX })
    return await searching
  }
  const findPosts = async (call: Call): Promise<object> => foundFrom(await find(call, ''))
  const findFiles = async (call: Call): Promise<object> => filesFrom(await find(call, WITH_FILES))
  return [
    route('POST', '/api/v4/posts/search', findPosts),
    route('POST', '/api/v4/teams/:team/posts/search', (call) => {
      checkTeam(door, call)
      return findPosts(call)
    }),
    route('POST', '/api/v4/files/search', findFiles),
    route('POST', '/api/v4/teams/:team/files/search', (call) => {
      checkTeam(door, call)
      return findFiles(call)
    }),
    route('POST', '/api/v4/users/search', (call) => {
      const { term, limit } = bodyOf(call, Search)
      return firstOf(matching(door, call, term), limit)
    }),
    route('GET', '/api/v4/users/autocomplete', (call) => complete(door, call)),
  ]
}

/** The files of what was found: their names are looked into, and what was written with them. Clients ask beside every search. */
function filesFrom({ messages }: Found): object {
  const files = messages.flatMap((message) =>
    message.files.map(({ id }, at) => [id, fileInfosOf(message)[at]] as const),
  )
  return {
    order: files.map(([id]) => id),
    file_infos: Object.fromEntries(files) as object,
    next_file_info_id: '',
    prev_file_info_id: '',
    first_inaccessible_file_time: 0,
  }
}

/** A list of posts with what matched, and under a name of ours what the search does not tell. */
function foundFrom({ messages, matches, isCut, isIndexWhole, gaps }: Found): object {
  return {
    ...postListFrom({ messages }),
    matches: Object.fromEntries(matches),
    holdfast_search: {
      is_cut: isCut,
      is_index_whole: isIndexWhole,
      channels_with_gaps: gaps,
    },
  }
}

/** In a channel: its members, and apart from them everybody else. */
async function complete(door: Door, call: Call): Promise<object> {
  const { name, in_channel: channel, limit } = queryOf(call, Completion)
  const found = matching(door, call, name)
  if (channel === undefined) return { users: firstOf(found, limit) }
  const members = await door.node.members(call.subject, channel)
  const inside = new Set(members.map((membership) => membership.person))
  return {
    users: firstOf(
      found.filter((person) => inside.has(person.id)),
      limit,
    ),
    out_of_channel: firstOf(
      found.filter((person) => !inside.has(person.id)),
      limit,
    ),
  }
}

function matching(door: Door, call: Call, term: string): readonly Person[] {
  const wanted = term.replace(/^@/, '').toLowerCase()
  return peopleFor(door, call.subject)
    .all()
    .filter(
      ({ username, displayName }) =>
        username.startsWith(wanted) ||
        displayName
          .toLowerCase()
          .split(' ')
          .some((word) => word.startsWith(wanted)),
    )
}

function firstOf(people: readonly Person[], limit: number): readonly object[] {
  return pageOf(people, { page: 0, per_page: limit }).map(userFrom)
}
