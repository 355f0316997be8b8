import { test } from 'tap'
import { openContactQueue } from '#carriers/contact-queue.ts'
import type { Contact } from '#ports/carrier.ts'

const post = 'post:hub'

test('a contact that is up already is told to a consumer that comes late', async (t) => {
  const queue = openContactQueue()
  queue.begin(post, false)

  t.strictSame(await take(queue.contacts(), 1), [
    { peer: post, isUp: true, mayHaveForgotten: false },
  ])
})

test('begin and end are told in turn, however often they happened meanwhile', async (t) => {
  const queue = openContactQueue()
  queue.begin(post, false)
  await take(queue.contacts(), 1)
  for (let round = 0; round < 5; round += 1) {
    queue.end(post)
    queue.begin(post, false)
  }
  const told = await take(queue.contacts(), 2)

  t.strictSame(
    told.map(({ isUp }) => isUp),
    [false, true],
  )
})

test('that a peer may have forgotten is kept until it was told', async (t) => {
  const queue = openContactQueue()
  queue.begin(post, true)
  queue.end(post)
  queue.begin(post, false)
  t.equal(queue.hasUntold(post), true)

  t.strictSame(await take(queue.contacts(), 1), [
    { peer: post, isUp: true, mayHaveForgotten: true },
  ])
  t.equal(queue.hasUntold(post), false)
})

test('a contact that came and went unheard is passed over', async (t) => {
  const queue = openContactQueue()
  queue.begin(post, false)
  queue.end(post)
  queue.begin('post:other', false)

  const told = await take(queue.contacts(), 1)
  t.strictSame(
    told.map(({ peer }) => peer),
    ['post:other'],
  )
  t.equal(queue.isUp(post), false)
})

test('closing ends the telling', async (t) => {
  const queue = openContactQueue()
  const telling = take(queue.contacts(), 1)
  queue.close()

  t.strictSame(await telling, [])
})

async function take(source: AsyncIterable<Contact>, count: number): Promise<Contact[]> {
  const taken: Contact[] = []
  for await (const contact of source) {
    taken.push(contact)
    if (taken.length === count) break
  }
  return taken
}
