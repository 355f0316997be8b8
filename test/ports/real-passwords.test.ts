/** The real passwords: argon2id, and nothing but the right password opens. */
import { test } from 'tap'
import { realPasswords } from '#ports/real-passwords.ts'
import { seededRandom } from '../support/random.ts'

test('a password opens its own hash and nothing else does', async (t) => {
  const passwords = realPasswords(seededRandom(1))

  const hash = await passwords.hash('correct horse')

  t.ok(await passwords.check('correct horse', hash))
  t.notOk(await passwords.check('correct hors', hash))
  t.notOk(await passwords.check('', hash))
})

test('the same password gives two hashes, since each has its own salt', async (t) => {
  const passwords = realPasswords(seededRandom(2))

  const first = await passwords.hash('water is here')
  const second = await passwords.hash('water is here')

  t.notSame(first, second)
  t.ok(await passwords.check('water is here', second))
})

test('letters typed in another normal form are the same password', async (t) => {
  const passwords = realPasswords(seededRandom(3))

  const hash = await passwords.hash('caf\u00e9 noir')

  t.ok(await passwords.check('cafe\u0301 noir', hash))
})

test('a hash that is cut, of another version, or empty opens for nobody', async (t) => {
  const passwords = realPasswords(seededRandom(4))

  const hash = await passwords.hash('checkpoint four')

  t.notOk(await passwords.check('checkpoint four', hash.subarray(0, -1)))
  t.notOk(await passwords.check('checkpoint four', Uint8Array.from(hash).fill(9, 0, 1)))
  t.notOk(await passwords.check('checkpoint four', new Uint8Array(0)))
})
