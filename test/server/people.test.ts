import { test } from 'tap'
import type { NodeId, UserId } from '#base/ids.ts'
import type { Person } from '#app/types.ts'
import { createPeople, openPeople } from '#server/people.ts'
import { collectingLog } from '../support/log.ts'

function aPerson(id: string, username: string, updatedAt = 0): Person {
  return {
    id: id as UserId,
    username,
    displayName: username,
    isAdministrator: false,
    isGuest: false,
    partnerOf: [],
    homeNode: 'alpha' as NodeId,
    isVouchedFor: true,
    deactivatedAt: 0,
    bot: undefined,
    pictureAt: 0,
    createdAt: 0,
    updatedAt,
  }
}

test('people are found by id, by name in any case, and listed by name', async (t) => {
  const people = createPeople()
  people.learn(aPerson('2', 'chen'))
  people.learn(aPerson('1', 'bo'))

  t.equal(people.byId('1' as UserId)?.username, 'bo')
  t.equal(people.byName('CHEN')?.id, '2')
  t.strictSame(
    people.all().map(({ username }) => username),
    ['bo', 'chen'],
  )
  t.equal(people.byName('dana'), undefined)
})

test('who takes another name is no longer found by the old one', async (t) => {
  const people = createPeople()
  people.learn(aPerson('1', 'bo'))
  people.learn(aPerson('1', 'bob', 5))

  t.equal(people.byName('bo'), undefined)
  t.equal(people.byName('bob')?.id, '1')
  t.equal(people.all().length, 1)
})

test('old news changes nothing', async (t) => {
  const people = createPeople()
  people.learn(aPerson('1', 'bob', 5))
  people.learn(aPerson('1', 'bo', 4))

  t.equal(people.byId('1' as UserId)?.username, 'bob')
})

test('when a newcomer takes a name that somebody has, both are found under their new names', async (t) => {
  let everybody = [aPerson('2', 'bo')]
  const people = await openPeople({ allPeople: async () => everybody }, collectingLog())
  everybody = [aPerson('1', 'bo'), aPerson('2', 'bo-2abc')]
  people.learn(aPerson('1', 'bo'))
  await new Promise((resolve) => {
    setImmediate(resolve)
  })

  t.equal(people.byName('bo')?.id, '1')
  t.equal(people.byName('bo-2abc')?.id, '2')
})
