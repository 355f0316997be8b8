import { test } from 'tap'
import {
  bytesFrom,
  isSealed,
  newKey,
  open,
  seal,
  textFrom,
  unwrap,
  unwrapBySecret,
  wrap,
  wrapBySecret,
} from '#web/core/sealing.ts'

test('what is sealed opens under its own name and key alone', async (t) => {
  const key = newKey()
  const sealed = await seal(key, 'draft:town', 'Кава о шостій ☕')

  t.ok(isSealed(sealed))
  t.notMatch(String(sealed), /шостій|draft/)
  t.equal(await open(key, 'draft:town', sealed), 'Кава о шостій ☕')
  await t.rejects(open(key, 'draft:other', sealed))
  await t.rejects(open(newKey(), 'draft:town', sealed))
  t.strictSame(await open(key, 'x', { plain: true }), { plain: true })
})

test('files are sealed in parts; one that was cut, or whose parts were moved, does not open', async (t) => {
  const key = newKey()
  const bytes = Uint8Array.from({ length: 2_500_000 }, (_, index) => index % 251)
  const sealed = (await seal(key, 'file:a', new Blob([bytes], { type: 'image/png' }))) as Blob
  const opened = (await open(key, 'file:a', sealed)) as Blob
  const empty = (await open(key, 'e', await seal(key, 'e', new Blob([])))) as Blob

  t.strictSame([opened.type, opened.size, empty.size], ['image/png', bytes.length, 0])
  t.ok(Buffer.from(await opened.arrayBuffer()).equals(bytes))
  const part = 1_048_576 + 16
  const head = sealed.size - 2 * part - (bytes.length - 2 * 1_048_576 + 16)
  const again = (...parts: Blob[]): Blob => new Blob(parts, { type: sealed.type })
  await t.rejects(open(key, 'file:a', again(sealed.slice(0, head + part))), 'cut')
  await t.rejects(
    open(
      key,
      'file:a',
      again(
        sealed.slice(0, head),
        sealed.slice(head + part, head + 2 * part),
        sealed.slice(head, head + part),
        sealed.slice(head + 2 * part),
      ),
    ),
    'moved',
  )
})

test('a PIN opens its key, and no other does', async (t) => {
  const key = newKey()
  const wrapped = await wrap(key, '471 902')

  t.ok(Buffer.from((await unwrap(wrapped, '471 902')) ?? []).equals(key))
  t.equal(await unwrap(wrapped, '471 903'), undefined)
})

test('the secret of a passkey opens its key, with the salt it was asked with, and no other does', (t) => {
  const [key, secret, salt] = [newKey(), newKey(), newKey()]
  const wrapped = wrapBySecret(key, secret, salt)

  t.ok(Buffer.from(unwrapBySecret(wrapped, secret) ?? []).equals(key))
  t.equal(unwrapBySecret(wrapped, newKey()), undefined)
  t.equal(unwrapBySecret({ ...wrapped, salt: textFrom(newKey()) }, secret), undefined)
  t.ok(Buffer.from(bytesFrom(wrapped.salt)).equals(salt))
  t.notOk(Buffer.from(bytesFrom(wrapped.key)).includes(Buffer.from(key)))
  t.end()
})
