/** What may be left on a disk in the end, and what may not. */
import { test } from 'tap'
import type { ChannelId, PostId } from '#base/ids.ts'
import { key } from '#sync/keys.ts'
import { pack } from '#sync/records.ts'
import type { Member } from './fleet.ts'
import { checkLeftovers } from './leftovers.ts'
import { openBook } from './said.ts'
import { openTimeline } from './timeline.ts'
import { openVerdict } from './verdict.ts'

const CHANNEL = 'a channel' as ChannelId
const POST = 'a post' as PostId

test('what was said of a message may be left where its node, put back, signed two lists, and it is nowhere', async (t) => {
  const cut = { mayHaveForked: true, isUnsure: true, isShown: false, isNamedAgain: false }

  t.equal(failureOf(cut), undefined)
  t.equal(failureOf({ ...cut, isNamedAgain: true }), undefined)
  for (const other of [{ mayHaveForked: false }, { isUnsure: false }, { isShown: true }])
    t.match(failureOf({ ...cut, ...other }), { broken: 'nothing left over', found: /orphan/ })
})

interface Its {
  readonly mayHaveForked: boolean
  readonly isUnsure: boolean
  readonly isShown: boolean
  readonly isNamedAgain: boolean
}

/** What is wrong with a reaction that waits for a message. */
function failureOf(its: Its) {
  const place = key.orphan(POST, '000')
  const disk = {
    durable: ({ from }: { readonly from: string }) =>
      place.startsWith(from) ? [[place, pack({ author: 'somebody' })]] : [],
  }
  const { mayHaveForked, isUnsure, isShown, isNamedAgain } = its
  const member = { index: 0, name: 'hub', id: 'n', disk, mayHaveForked } as unknown as Member
  const facts = { home: 0, author: 'a', channel: CHANNEL, lane: 'routine', at: 0, text: '' }
  const said = openBook().write({ ...facts, root: undefined, pendingId: '' } as never)
  const names = isNamedAgain ? { earlierIds: new Set([POST]) } : { id: POST }
  Object.assign(said, { ...names, isUnsure })
  const verdict = openVerdict(openTimeline(0))
  const channel = { messages: isShown ? [{ id: POST }] : [] } as never
  const reference = { lines: [], channels: new Map([[CHANNEL, channel]]) }
  checkLeftovers({ members: [member], said: [said], verdict, reference, sealingOf }, member)
  return verdict.failure()
}

function sealingOf(): undefined {
  return undefined
}
