import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { DIRECTORY } from '#model/document-id.ts'
import { openDirectory, type Directory } from '#model/directory.ts'
import { openLog, type Logged } from '#model/log.ts'
import { mentionsIn, USERNAME_PATTERN, usernames } from '#model/names.ts'
import { anActor, aPersonId, append, aWriter } from '../support/histories.ts'
import { holds } from '../support/property.ts'

const NOON = 1_793_534_400_000

test('two people enrolled apart with one name: the later one’s carries a part of their id', async (t) => {
  const names = usernames(directoryOf([anEnrolment('one', 'bo', 5), anEnrolment('two', 'bo', 0)]))

  t.equal(names.get(aPersonId('two')), 'bo')
  t.equal(names.get(aPersonId('one')), `bo-${aPersonId('one').slice(-5, -1)}`)
})

test('a name that looks like another’s way out is given to one person only', async (t) => {
  const way = `bo-${aPersonId('two').slice(-5, -1)}`
  const people = [
    anEnrolment('one', 'bo', 0),
    anEnrolment('sly', way, 1),
    anEnrolment('two', 'bo', 2),
  ]

  const names = usernames(directoryOf(people))

  t.equal(names.get(aPersonId('sly')), way)
  t.equal(names.get(aPersonId('two')), `bo-${aPersonId('two').slice(-7, -1)}`)
})

test('names are unique and the same whatever order people become known in', async (t) => {
  const enrolment = fc.record({
    person: fc.constantFrom('one', 'two', 'three', 'four', 'five'),
    username: fc.constantFrom('bo', 'amira', 'chen'),
    seconds: fc.nat(3),
  })
  holds(
    t,
    fc.property(
      fc.array(enrolment, { maxLength: 10 }),
      fc.infiniteStream(fc.nat()),
      (all, order) => {
        const entries = all.map(({ person, username, seconds }) =>
          anEnrolment(person, username, seconds),
        )
        const keyed = entries.map((entry) => ({ entry, place: order.next().value }))
        const shuffled = keyed.toSorted((a, b) => a.place - b.place).map(({ entry }) => entry)

        const names = usernames(directoryOf(entries))

        assert.equal(new Set(names.values()).size, names.size)
        assert.deepEqual(usernames(directoryOf(shuffled)), names)
      },
    ),
  )
})

test('names after an @ are found once each, in lower case, without what closes a sentence', async (t) => {
  t.strictSame(mentionsIn('@Amira, ask @bo.k and @amira.'), ['amira', 'bo.k'])
  t.strictSame(mentionsIn('mail bo@example.org or @@chen (@dani-)'), ['chen', 'dani'])
  t.strictSame(mentionsIn('no name: @ @1 @-x @_'), [])
})

test('every name that can be mentioned is a name', async (t) => {
  holds(
    t,
    fc.property(fc.string({ unit: fc.constantFrom(...'@ab.-_ A1'.split('')) }), (body) =>
      mentionsIn(body).every((name) => USERNAME_PATTERN.test(name)),
    ),
    300,
  )
})

interface Enrolment {
  readonly logged: Logged
}

/** Enrolled by a node of their own, `seconds` after noon. */
function anEnrolment(person: string, username: string, seconds: number): Enrolment {
  const profile = { username, displayName: '', isAdministrator: false }
  const content = { kind: 'person' as const, person: aPersonId(person), profile }
  const entry = { author: undefined, claimedAt: NOON + seconds * 1000, content }
  return { logged: append(openLog(DIRECTORY), anActor(`${person} ${username} ${seconds}`), entry) }
}

function directoryOf(enrolments: readonly Enrolment[]): Directory {
  const directory = openDirectory()
  for (const { logged } of enrolments) directory.apply(logged, aWriter('hub', true))
  return directory
}
