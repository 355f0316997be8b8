/** The checkers against a world that is whole, and against what is made to look as if it were not. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import type { PostId } from '#base/ids.ts'
import { itemsOf } from '#model/checklist.ts'
import { key } from '#sync/keys.ts'
import { checkEnd } from './end-checks.ts'
import { keepRunning } from './keep-running.ts'
import { runWorld } from './run.ts'
import { openBook, type Said } from './said.ts'
import { SHORT } from './seeds-suite.ts'
import { openVerdict, type Failure } from './verdict.ts'
import type { World } from './world.ts'

const { world, result } = await runWorld(15, SHORT)
const saved = world.book
  .all()
  .filter(
    ({ fate, deletion, purge }) => fate === 'saved' && deletion === 'none' && purge === 'none',
  )
  .filter(({ reactions }) => reactions.size === 0)

test('a world whose seed is green passes the end checks again', async (t) => {
  t.equal(result.failure, undefined)
  t.equal(await failureWith(t, {}), undefined)
})

test('a message that was shown as saved and is nowhere is missed', async (t) => {
  const lost: Said = { ...aSaid(), id: 'yyyyyyyyyyyyyyyyyyyyyyyyyy' as PostId }

  const failure = await failureWith(t, { said: [...world.book.all(), lost] })

  t.match(failure, { broken: 'promise 1: no lost promise', found: /shown as saved/ })
})

test('a text that differs, a deletion and a reaction that are missing are seen', async (t) => {
  const first = must(saved[0], 'something was saved')
  const others = world.members.flatMap(({ people }) => people).filter((one) => one !== first.author)
  const wrongs: readonly (readonly [Partial<Said>, RegExp])[] = [
    [{ body: 'something else' }, /its text is/],
    [{ deletion: 'saved' }, /it is there/],
    [{ reactions: new Map([[`${first.author} eyes`, 'set']]) }, /is missing/],
    [{ lane: first.lane === 'flash' ? 'routine' : 'flash' }, /wrong lane/],
    [{ author: must(others[0], 'somebody else') }, /author/],
  ]

  for (const [change, found] of wrongs) {
    const said = world.book.all().map((one) => (one === first ? { ...one, ...change } : one))
    t.match(await failureWith(t, { said }), { broken: 'promise 1: no lost promise', found })
  }
})

test('a tick that is missing is seen, and one that nobody made', async (t) => {
  const list = must(
    saved.find(({ ticks }) => [...ticks.values()].some(({ state }) => state === 'set')),
    'somebody worked through a list',
  )
  const set = must([...list.ticks].find(([, { state }]) => state === 'set')?.[0], 'an item')
  const unticked = itemsOf(list.body).find(({ text }) => !list.ticks.has(text))
  const item = must(unticked, 'an item that nobody ticked').text
  const word = { state: 'set' as const, people: new Set([list.author]) }
  const wrongs: readonly (readonly [Said['ticks'], RegExp])[] = [
    [new Map([...list.ticks].filter(([text]) => text !== set)), /nobody did that/],
    [new Map([...list.ticks, [item, word]]), /was ticked, and is not/],
  ]

  for (const [ticks, found] of wrongs) {
    const said = world.book.all().map((one) => (one === list ? { ...one, ticks } : one))
    t.match(await failureWith(t, { said }), { broken: 'promise 1: no lost promise', found })
  }
})

test('a text whose answer was lost may be there or not', async (t) => {
  const first = must(saved[0], 'something was saved')
  const unsure = { ...first, body: 'never arrived', maybe: new Set([first.body]) }
  const said = world.book.all().map((one) => (one === first ? unsure : one))

  t.equal(await failureWith(t, { said }), undefined)
})

test('a message that was refused and is there all the same is seen', async (t) => {
  const first = must(saved[0], 'something was saved')
  const said = world.book
    .all()
    .map((one) => (one === first ? { ...one, fate: 'refused' as const, underWay: 0 } : one))

  t.match(await failureWith(t, { said }), { found: 'it was refused, and is there' })
})

test('a delivery word without proof is a false tick', async (t) => {
  const running = keepRunning(world.timeline)
  t.teardown(() => running[Symbol.asyncDispose]())
  const first = must(saved[0], 'something was saved')
  const home = must(world.members[first.home], 'it has a home')
  const checker = world.deliveries

  await checker.check(home, first)
  const before = world.verdict.failure()
  await checker.check(home, { ...first, number: 9_999 })

  t.equal(before, undefined)
  t.match(world.verdict.failure(), { broken: 'promise 2: no false tick' })
})

test('what still wants to go somewhere is left over, and other heads are no convergence', async (t) => {
  const member = must(world.members[1], 'there is a kit')
  const { durable } = member.disk
  const withKey = (place: string): World['members'] => {
    const entry = [place, Buffer.from('x')] as const
    const disk = {
      ...member.disk,
      durable: (range: Parameters<typeof durable>[0]) =>
        place >= range.from && place < range.to ? [...durable(range), entry] : durable(range),
    }
    return world.members.map((one) => (one === member ? { ...one, disk } : one))
  }
  const document = durable({ from: 'doc/s', to: 'doc/t' })[0]?.[0].slice('doc/'.length)
  const snapshot = key.snapshot(
    must(document, 'there is a segment') as Parameters<typeof key.snapshot>[0],
  )

  t.match(await failureWith(t, { members: withKey('owe/x') }), { broken: 'nothing left over' })
  t.match(await failureWith(t, { members: withKey(snapshot) }), {
    broken: 'promise 6: convergence',
    found: /damaged/,
  })
})

async function failureWith(
  t: Test,
  parts: { readonly said?: readonly Said[]; readonly members?: World['members'] },
): Promise<Failure | undefined> {
  const running = keepRunning(world.timeline)
  t.teardown(() => running[Symbol.asyncDispose]())
  const verdict = openVerdict(world.timeline)
  const { members, book, evidence, topology, secrecy } = world
  const { allHeardAt } = secrecy
  const { sealingOf } = evidence
  const ground = { members, said: book.all(), verdict, topology, sealingOf, allHeardAt }
  await checkEnd({ ...ground, ...parts })
  await running[Symbol.asyncDispose]()
  return verdict.failure()
}

function aSaid(): Said {
  const first = must(saved[0], 'something was saved')
  const { home, author, channel, lane, root } = first
  const said = openBook().write({
    at: 0,
    home,
    author,
    channel,
    lane,
    root,
    pendingId: '',
    text: 'lost',
  })
  return { ...said, fate: 'saved', number: 9_999 }
}
