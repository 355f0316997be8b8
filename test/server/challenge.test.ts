import { test } from 'tap'
import { createChallenges } from '#server/challenge.ts'
import { CEREMONIES_MAX, CEREMONY_MS } from '#server/limits.ts'
import { virtualClock } from '../support/clock.ts'
import { seededRandom } from '../support/random.ts'

test('a question is good for its purpose, once, for a time, and for who asked it', async (t) => {
  const clock = virtualClock()
  const challenges = createChallenges({ clock, random: seededRandom(1) })
  const others = createChallenges({ clock, random: seededRandom(2) })
  const one = challenges.make('sign in')

  t.ok(challenges.isOpen(one, 'sign in'))
  t.notOk(challenges.isOpen(one, 'add bo'))
  t.notOk(others.isOpen(one, 'sign in'))
  for (const wrong of ['', 'x', `${one}A`, `${one}=`, one.slice(1), `${one.slice(0, -1)}!`])
    t.notOk(challenges.isOpen(wrong, 'sign in'), wrong)
  t.ok(challenges.close(one))
  t.notOk(challenges.close(one))
  t.notOk(challenges.isOpen(one, 'sign in'))
  const late = challenges.make('sign in')
  await clock.advance(CEREMONY_MS)
  t.notOk(challenges.isOpen(late, 'sign in'))
})

test('secrets follow from the question and the door, and are told apart by their label', async (t) => {
  const clock = virtualClock()
  const [ours, theirs] = [1, 2].map((seed) =>
    createChallenges({ clock, random: seededRandom(seed) }),
  )
  t.equal(ours?.secretOf('q', 'nonce'), ours?.secretOf('q', 'nonce'))
  t.match(ours?.secretOf('q', 'nonce'), /^[\w-]{43}$/)
  t.not(ours?.secretOf('q', 'nonce'), ours?.secretOf('q', 'verifier'))
  t.not(ours?.secretOf('q', 'nonce'), theirs?.secretOf('q', 'nonce'))
})

test('so many answers are remembered as there is room for; with more, none is let through twice', async (t) => {
  const clock = virtualClock()
  const challenges = createChallenges({ clock, random: seededRandom(1) })
  const all = Array.from({ length: CEREMONIES_MAX + 1 }, () => challenges.make('x'))
  t.equal(all.filter(challenges.close).length, CEREMONIES_MAX)
  t.notOk(challenges.close(all[0] ?? ''))
  await clock.advance(CEREMONY_MS)
  t.ok(challenges.close(challenges.make('x')))
})
