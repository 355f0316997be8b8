/** What is folded anew is what was folded entry by entry. */
import { test } from 'tap'
import { DIRECTORY } from '#model/document-id.ts'
import { openBooks } from '#sync/books.ts'
import { aFleet, enter, makeChannel, revoke } from '../support/fleet.ts'
import { organisation, rosterOf } from '../support/nodes.ts'
import { amiraOf } from '../support/sync.ts'

test('both say the same however they were folded, by a roster that knows nobody beforehand', async (t) => {
  const fleet = await aFleet(t, ['hub', 'alpha', 'bravo'])
  const [hub, alpha, bravo] = ['hub', 'alpha', 'bravo'].map(fleet.node) as [never, never, never]
  await makeChannel(alpha, 'private', [alpha, bravo])
  await fleet.settle()
  await enter(bravo, DIRECTORY, {
    kind: 'person',
    person: amiraOf(fleet.node('bravo').id),
    profile,
  })
  await revoke(hub, bravo)
  await fleet.settle()

  for (const { context } of [fleet.node('hub'), fleet.node('alpha')]) {
    const books = openBooks(rosterOf([]), organisation.id)
    await context.replica.commit((tx) => books.reload(tx))
    const [anew, live] = [books.directory(), context.directory()]
    t.strictSame(anew.people(), live.people())
    t.strictSame(anew.channels(), live.channels())
    for (const { id } of live.channels()) t.strictSame(anew.members(id), live.members(id))
    t.strictSame(books.keyBook().revocations(), context.keyBook().revocations())
    t.equal(books.keyBook().certificates().length, 3)
  }
})

const profile = { username: 'bo', displayName: 'Bo', isAdministrator: false }
