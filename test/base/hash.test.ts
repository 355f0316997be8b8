import { test } from 'tap'
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'

test('the hash is SHA-256, with the values of FIPS 180-4', async (t) => {
  t.equal(
    hexFromBytes(sha256(bytesFromText('abc'))),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
  t.equal(
    hexFromBytes(sha256()),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  )
})

test('parts are hashed as if they were one', async (t) => {
  t.same(sha256(bytesFromText('a'), bytesFromText('bc')), sha256(bytesFromText('abc')))
})
