import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { formatJoinCode, joinUrl, parseJoinCode, parseJoinUrl } from '#trust/join-code.ts'
import { anyBytes, holds } from '../support/property.ts'

test('a join code is 16 characters in four groups', async (t) => {
  t.equal(formatJoinCode(new Uint8Array(10)), 'yyyy-yyyy-yyyy-yyyy')
  t.equal(formatJoinCode(new Uint8Array(10).fill(255)), '9999-9999-9999-9999')
})

test('a join code comes back whole, however it was typed', async (t) => {
  const separator = fc.constantFrom('', ' ', '-', ' – ', '.', '_', '\u00a0', '\n')

  holds(
    t,
    fc.property(anyBytes(10), separator, fc.boolean(), (code, between, isShouted) => {
      const text = formatJoinCode(code).replaceAll('-', between)

      const parsed = parseJoinCode(isShouted ? text.toUpperCase() : text)

      assert.deepEqual(parsed, new Uint8Array(code))
    }),
  )
})

test('characters that are not in the alphabet are taken for those they look like', async (t) => {
  t.same(parseJoinCode('0lLv V200-0lvv-2222'), parseJoinCode('o11uuzooo1uuzzzz'))
})

test('what is too short, too long or has other characters is no join code', async (t) => {
  for (const text of ['', 'yyyy-yyyy-yyyy-yyy', 'yyyy-yyyy-yyyy-yyyyy', 'yyyy-yyyy-yyyy-yyy!']) {
    t.equal(parseJoinCode(text), undefined, text)
  }
})

test('an invitation survives its QR code', async (t) => {
  const at = fc.constantFrom('192.168.8.1:8065', 'hub.example.org:443', '[fe80::1]:8065', 'kit-7:1')

  holds(
    t,
    fc.property(at, anyBytes(10), (place, code) => {
      const invitation = { at: place, code: new Uint8Array(code) }

      assert.deepEqual(parseJoinUrl(joinUrl(invitation)), invitation)
    }),
  )
})

test('an invitation reads as people expect it', async (t) => {
  t.equal(
    joinUrl({ at: '192.168.8.1:8065', code: new Uint8Array(10) }),
    'holdfast://join?at=192.168.8.1:8065&code=yyyy-yyyy-yyyy-yyyy',
  )
})

test('anything else is no invitation', async (t) => {
  const code = 'yyyy-yyyy-yyyy-yyyy'
  const others = [
    '',
    'hello',
    `https://join?at=kit:8065&code=${code}`,
    `holdfast://leave?at=kit:8065&code=${code}`,
    `holdfast://join?code=${code}`,
    'holdfast://join?at=kit:8065',
    `holdfast://join?at=kit&code=${code}`,
    `holdfast://join?at=kit:0&code=${code}`,
    `holdfast://join?at=kit:65536&code=${code}`,
    `holdfast://join?at=kit:80/path&code=${code}`,
    `holdfast://join?at=user@kit:80&code=${code}`,
  ]

  for (const text of others) t.equal(parseJoinUrl(text), undefined, text)
})
