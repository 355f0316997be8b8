/**
 * What people do at the same time: small things on one message, on all nodes and before any of them can have heard of the
 * others, as when a crew works through one list; or a rush of messages on one node.
 */
import type { PostId } from '#base/ids.ts'
import type { Chance } from './chance.ts'
import { post, reactTo, replyTo, rewrite, takeDown, tick, type Deed } from './deeds.ts'
import type { Member } from './fleet.ts'
import { actOnce } from './people.ts'
import type { Actor, Society } from './society.ts'

const TOGETHER_MIN = 5
const TOGETHER_MAX = 12
/** All of a flurry happens within this time, in milliseconds. */
const FLURRY_MS = 20_000
/** All of a rush, in milliseconds. */
const RUSH_MS = 2_000

/** A flurry on a message that somebody was shown as saved, or a rush. */
export function actTogether(society: Society, members: readonly Member[], chance: Chance): void {
  const { timeline, marks, book } = society
  const ids = book.all().flatMap(({ fate, id }) => (fate === 'saved' && id ? [id] : []))
  const isFlurry = ids.length > 0 && chance.happens(0.6)
  const deeds = isFlurry ? deedsOn(chance.pick(ids)) : RUSH
  const place = chance.pick(members)
  marks.count(isFlurry ? 'people.flurry' : 'people.rush')
  const count = chance.between(TOGETHER_MIN, TOGETHER_MAX)
  for (let index = 0; index < count; index += 1) {
    const own = chance.fork(String(index))
    timeline.after(own.between(0, isFlurry ? FLURRY_MS : RUSH_MS), () =>
      actOnce(society, isFlurry ? own.pick(members) : place, own, own.pick(deeds)),
    )
  }
}

const RUSH: readonly Deed[] = [{ weight: 1, words: 'posts in a rush', act: post }]

/** Small things to do on one message, as often as they are in the list. */
function deedsOn(id: PostId): readonly Deed[] {
  const deed = (words: string, act: Act): Deed => ({
    weight: 1,
    words,
    act: async (actor) => {
      const message = await actor.node.message(actor.self, id)
      if (message.deletedAt === 0) await act(actor, message)
    },
  })
  const mark = deed('marks something', (actor, message) => reactTo(actor, message, 'set'))
  const unmark = deed('unmarks something', (actor, message) => reactTo(actor, message, 'unset'))
  const turn = deed('ticks something', tick)
  const answer = deed('answers', replyTo)
  const reword = deed('rewords', async (actor, message) => {
    if (message.author === actor.self) await rewrite(actor, message)
  })
  const clear = deed('clears away', async (actor, message) => {
    if (actor.member.people[0] === actor.self && actor.chance.happens(0.3))
      await takeDown(actor, message)
  })
  return [mark, mark, turn, turn, unmark, answer, reword, reword, clear]
}

type Act = (actor: Actor, message: Awaited<ReturnType<Actor['node']['message']>>) => Promise<void>
