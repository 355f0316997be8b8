import { test } from 'tap'
import { fingerprintOf, problemWith, suiteNumberOf } from '#trust/join-message.ts'
import { SUITE_NACL } from '#trust/keys.ts'
import { aJoiner } from '../support/joiners.ts'
import { flip } from '../support/property.ts'

test('a fingerprint is five groups that can be read aloud, and another for another message', async (t) => {
  const { request } = aJoiner('bravo', undefined)

  t.match(fingerprintOf(request), /^[a-z0-9]{4}(?:-[a-z0-9]{4}){4}$/)
  t.equal(fingerprintOf(request), fingerprintOf(Uint8Array.from(request)))
  for (const place of [0, 100, request.length - 1])
    t.not(fingerprintOf(flip(request, place)), fingerprintOf(request))
})

test('what is wrong with a message at first sight is named', async (t) => {
  t.equal(problemWith(Uint8Array.of(3, 1, 1, 0), SUITE_NACL, 1), undefined)
  t.equal(problemWith(Uint8Array.of(3, 1, 2, 0), SUITE_NACL, 1), 'malformed')
  t.equal(problemWith(Uint8Array.of(3, 2, 1, 0), SUITE_NACL, 1), 'other-suite')
  t.equal(problemWith(Uint8Array.of(2, 1, 1, 0), SUITE_NACL, 1), 'unknown-version')
  t.equal(problemWith(new Uint8Array(3), SUITE_NACL, 1), 'malformed')
  t.equal(problemWith(new Uint8Array(8_193).fill(3), SUITE_NACL, 1), 'malformed')
})

test('the suite is read from any message of this version', async (t) => {
  t.strictSame([Uint8Array.of(3, 2), Uint8Array.of(2, 2)].map(suiteNumberOf), [2, undefined])
})
