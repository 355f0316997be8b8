import { test } from 'tap'
import { compare, type Promised, type Seen, type View } from '../../scripts/trial/comparison.ts'

function promised(...ids: readonly string[]): ReadonlyMap<string, Promised> {
  return new Map(ids.map((id) => [id, { ...seen(id), channel: 'ops' }]))
}

function seen(id: string, facts: Partial<Seen> = {}): Seen {
  return { id, author: 'amira', text: `text of ${id}`, root: '', ...facts }
}

function view(node: string, ...messages: readonly Seen[]): View {
  return { node, channels: new Map([['ops', messages]]) }
}

test('nothing is wrong when every node shows what was promised, once and in one order', async (t) => {
  const views = [view('alpha', seen('2'), seen('1')), view('bravo', seen('2'), seen('1'))]

  t.match(compare(promised('1', '2'), views), {
    lost: 0,
    doubled: 0,
    orderDiffers: 0,
    examples: [],
  })
})

test('a message that one node does not show is lost, and counted once', async (t) => {
  const views = [view('alpha'), view('bravo'), view('charlie', seen('1'))]

  const verdict = compare(promised('1'), views)

  t.match(verdict, { lost: 1, doubled: 0, orderDiffers: 0 })
  t.match(verdict.examples, ['alpha does not show 1'])
})

test('a message shown with another text, author, root or channel is lost', async (t) => {
  for (const change of [{ text: 'other' }, { author: 'bo' }, { root: '9' }])
    t.match(compare(promised('1'), [view('alpha', seen('1', change))]), { lost: 1 })
  const elsewhere = { node: 'alpha', channels: new Map([['medical', [seen('1')]]]) }
  t.match(compare(promised('1'), [elsewhere]), { lost: 1 })
})

test('a message shown twice, or one that nobody was promised, is doubled', async (t) => {
  t.match(compare(promised('1'), [view('alpha', seen('1'), seen('1'))]), { doubled: 1, lost: 0 })
  t.match(compare(promised('1'), [view('alpha', seen('1'), seen('2'))]), { doubled: 1, lost: 0 })
})

test('a message that went with a disk is on no node, or on all', async (t) => {
  const gone = new Set(['2'])
  const [without, withIt] = [[seen('1')], [seen('2'), seen('1')]]
  const verdict = (...shown: readonly (readonly Seen[])[]): object =>
    compare(
      promised('1', '2'),
      shown.map((messages, at) => view(`node ${at}`, ...messages)),
      gone,
    )

  t.match(verdict(without, without), { lost: 0, vanished: 1 })
  t.match(verdict(withIt, withIt), { lost: 0, vanished: 0 })
  t.match(verdict(withIt, without), { lost: 1, vanished: 0 })
})

test('another order than at the hub is found, and a hole alone is no other order', async (t) => {
  const hub = view('alpha', seen('3'), seen('2'), seen('1'))

  const turned = compare(promised('1', '2', '3'), [
    hub,
    view('bravo', seen('3'), seen('1'), seen('2')),
  ])
  t.match(turned, { orderDiffers: 2, lost: 0 })

  const holed = compare(promised('1', '2', '3'), [hub, view('bravo', seen('3'), seen('1'))])
  t.match(holed, { orderDiffers: 0, lost: 1 })
})
