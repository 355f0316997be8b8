import { test } from 'tap'
import { openOutbox, type Attempt, type Waiting } from '#web/core/outbox.ts'
import { textShelf } from '#web/core/shelf.ts'
import { aSmallShelf } from '../../support/small-shelf.ts'
import { aTextStore } from '../../support/text-store.ts'

function aWaiting(pendingId: string, writtenAt: number): Waiting {
  const text = { rootId: '', message: pendingId, lane: 'routine', override: '' } as const
  return {
    pendingId,
    userId: 'bo',
    channelId: 'town',
    wantsAck: false,
    files: [],
    writtenAt,
    ...text,
  }
}

/** An outbox on a device whose tab can be killed, and a node that may be away. */
function aDevice() {
  const texts = aTextStore()
  const node = { isThere: true, refuses: '', isAnswerLost: false, taken: [] as string[] }
  const shown: string[][] = []
  const send = async ({ pendingId }: Waiting): Promise<Attempt> => {
    if (!node.isThere) return { kind: 'later' }
    if (node.refuses === pendingId) return { kind: 'refused', reason: 'too long' }
    if (!node.taken.includes(pendingId)) node.taken.push(pendingId)
    return node.isAnswerLost ? { kind: 'later' } : { kind: 'taken' }
  }
  const open = () =>
    openOutbox({
      shelf: textShelf(texts),
      send,
      show: (all) => shown.push(all.map((one) => one.pendingId)),
    })
  return { open, node, shown: () => shown.at(-1) }
}

test('what is written while the node is away leaves in order once it is there', async (t) => {
  const device = aDevice()
  device.node.isThere = false
  const outbox = await device.open()
  await outbox.add(aWaiting('one', 1))
  await outbox.add(aWaiting('two', 2))

  t.equal(await outbox.flush(), false)
  t.strictSame(device.shown(), ['one', 'two'])
  device.node.isThere = true
  t.equal(await outbox.flush(), true)
  t.strictSame([device.node.taken, device.shown()], [['one', 'two'], []])
})

test('a killed tab loses nothing, and sends nothing twice', async (t) => {
  const device = aDevice()
  const first = await device.open()
  await first.add(aWaiting('one', 1))
  device.node.isAnswerLost = true
  await first.flush()
  device.node.isAnswerLost = false

  const second = await device.open()
  t.strictSame(device.shown(), ['one'])
  await second.flush()
  t.strictSame([device.node.taken, device.shown()], [['one'], []])
})

test('a refused one is kept with its reason and holds nobody up', async (t) => {
  const device = aDevice()
  device.node.refuses = 'one'
  const outbox = await device.open()
  await outbox.add(aWaiting('one', 1))
  await outbox.add(aWaiting('two', 2))
  await outbox.flush()

  t.strictSame([device.node.taken, device.shown()], [['two'], ['one']])
  device.node.refuses = ''
  await outbox.retry('one')
  await outbox.flush()
  t.strictSame([device.node.taken, device.shown()], [['two', 'one'], []])
})

test('what is thrown away is not sent any more', async (t) => {
  const device = aDevice()
  const outbox = await device.open()
  await outbox.add(aWaiting('one', 1))
  await outbox.discard('one')
  await outbox.flush()

  t.strictSame([device.node.taken, device.shown()], [[], []])
})

test('two calls at once send once', async (t) => {
  const device = aDevice()
  const outbox = await device.open()
  await outbox.add(aWaiting('one', 1))

  t.strictSame(await Promise.all([outbox.flush(), outbox.flush()]), [true, true])
  t.strictSame(device.node.taken, ['one'])
})

test('what the device has no room for is held, shown so, and sent; kept as soon as there is room', async (t) => {
  const shelf = aSmallShelf(10)
  const node = { isThere: false, taken: [] as string[] }
  let shown: readonly Waiting[] = []
  const outbox = await openOutbox({
    shelf,
    send: async ({ pendingId }) => {
      if (!node.isThere) return { kind: 'later' }
      node.taken.push(pendingId)
      return { kind: 'taken' }
    },
    show: (all) => {
      shown = all
    },
  })

  t.equal(await outbox.add(aWaiting('one', 1)), false)
  t.match(shown, [{ pendingId: 'one', message: 'one', isUnkept: true }])
  shelf.limit = 10_000
  t.equal(await outbox.add(aWaiting('two', 2)), true)
  await outbox.retry('one')
  t.match(await shelf.get('outbox:one'), { message: 'one' })
  t.notOk(shown.some(({ isUnkept }) => isUnkept))
  let isGone = false
  const gone = outbox.gone('one').then(() => (isGone = true))
  await outbox.flush()
  t.equal(isGone, false, 'the node is away')
  node.isThere = true
  await outbox.flush()
  await gone
  await outbox.gone('never was')
  t.strictSame(node.taken, ['one', 'two'])
})

test('an outbox that is closed while something is on its way keeps and shows nothing more', async (t) => {
  const shelf = textShelf(aTextStore())
  const shown: number[] = []
  const answer = Promise.withResolvers<Attempt>()
  const outbox = await openOutbox({
    shelf,
    send: () => answer.promise,
    show: ({ length }) => shown.push(length),
  })
  await outbox.add(aWaiting('one', 1))
  const flushed = outbox.flush()

  outbox.close()
  await shelf.clear()
  answer.resolve({ kind: 'refused', reason: 'too long' })

  t.equal(await flushed, true)
  t.strictSame([await shelf.keys(''), shown], [[], [0, 1]])
})
